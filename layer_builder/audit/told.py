"""What a database knows, held against `audit:` of the manifest: a warning, or the end of the run."""

import os
from collections.abc import Mapping, Sequence

from layer_builder.audit.osv import ask_database
from layer_builder.connections import connection_advice, masked_problem
from layer_builder.console import Reporter
from layer_builder.errors import ManifestError, Problem, shortened
from layer_builder.model import OSV, Audited, AuditPolicy, Vulnerable, counted
from layer_builder.outcome import Outcome


def audit(
    outcome: Outcome, reporter: Reporter, distributions: Mapping[str, Sequence[tuple[str, str]]]
) -> None:
    """Ask what is known of distributions (names, versions; by layer id), where the manifest wants it.

    What could not be asked is never told as clean. Raises ManifestError with `audit: fail`.
    """
    policy = outcome.manifest.audit if outcome.manifest else None
    if policy is None:
        return
    asked = sorted({one for of_layer in distributions.values() for one in of_layer})
    try:
        known = ask_database(policy.database, asked) if asked else {}
    except (OSError, ValueError) as error:
        why = shortened(f"{type(error).__name__}: {error}")
        outcome.audited = Audited(database=policy.database, why_not=why)
        _tell([_unasked(policy, why, str(error))], policy, reporter)
        return
    vulnerable = []
    for (name, version), ids in sorted(known.items()):
        ids_of_layers = {
            one for one, of_layer in distributions.items() if (name, version) in of_layer
        }
        layers = dict.fromkeys(one.key for one in outcome.layers if one.id in ids_of_layers)
        ignored = tuple(one for one in ids if one in policy.ignore)
        counted_ids = tuple(one for one in ids if one not in policy.ignore)
        vulnerable.append(
            Vulnerable(
                name=name, version=version, ids=counted_ids, ignored=ignored, layers=tuple(layers)
            )
        )
    outcome.audited = Audited(
        database=policy.database, distributions=len(asked), vulnerable=tuple(vulnerable)
    )
    open_ones = [one for one in vulnerable if one.ids]
    reporter.step(
        "audit",
        f"{counted(len(asked), 'distribution')} asked of {policy.database}:"
        f" {len(open_ones)} with known vulnerabilities",
    )
    _tell([_letter(one, policy) for one in open_ones], policy, reporter)


def _tell(problems: Sequence[Problem], policy: AuditPolicy, reporter: Reporter) -> None:
    if problems and policy.fails:
        raise ManifestError(*problems)
    for problem in problems:
        reporter.warn(problem)


def _unasked(policy: AuditPolicy, why: str, said: str) -> Problem:
    problem = Problem(
        message=f"not audited: {policy.database} gave no answer that counts",
        place=policy.place,
        details=(why,),
        advice=(
            *connection_advice(said, os.environ),
            "whether what is in the layers has known vulnerabilities, this run does not say",
        ),
    )
    return masked_problem(problem, os.environ)


def _letter(one: Vulnerable, policy: AuditPolicy) -> Problem:
    return Problem(
        message=f"{one.name} {one.version} has known vulnerabilities: {', '.join(one.ids)}",
        place=policy.place,
        details=(
            f"in {', '.join(one.layers)}",
            *(f"https://osv.dev/vulnerability/{known}" for known in one.ids),
        ),
        advice=(
            f"take a newer version: layer-builder lock --upgrade-package {one.name}, or another"
            " requirement",
            f"or, when you have looked at it, write {_ignoring(one, policy)}",
        ),
    )


def _ignoring(one: Vulnerable, policy: AuditPolicy) -> str:
    """Give the line that ignores what is known of one, too, and is otherwise what it was."""
    level = "fail" if policy.fails else "warn"
    ids = ", ".join(sorted({*policy.ignore, *one.ids}))
    database = "" if policy.database == OSV else f', database: "{policy.database}"'
    return f"audit: {{level: {level}, ignore: [{ids}]{database}}}"
