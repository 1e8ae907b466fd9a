"""What a database knows, held against `audit:` of the manifest: a warning, or the end of the run."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from layer_builder.audit.answer import Answer, Distribution, join_aliases
from layer_builder.audit.offline import look_up
from layer_builder.audit.osv import ask_database
from layer_builder.connections import connection_advice, masked_problem
from layer_builder.console import Reporter
from layer_builder.errors import ManifestError, Problem, shortened
from layer_builder.model import OSV, Audited, AuditPolicy, Vulnerable, counted
from layer_builder.outcome import Outcome

_DUMP = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
_FETCHED_ANEW = f"fetch the file anew; {_DUMP} is the whole of it for PyPI"
_FROM_A_FILE = f"run it again, or name a file in database: that needs no network, such as {_DUMP}"


def audit(
    outcome: Outcome,
    reporter: Reporter,
    find: Callable[[str], Path],
    distributions: Mapping[str, Sequence[Distribution]],
) -> None:
    """Ask what is known of distributions (by layer id), where the manifest wants it.

    `find` says where a file of the workspace lies. What could not be asked is never told as clean.
    Raises ManifestError with `audit: fail`.
    """
    policy = outcome.manifest.audit if outcome.manifest else None
    if policy is None:
        return
    asked = sorted({one for of_layer in distributions.values() for one in of_layer})
    try:
        answer = _ask(policy, find, asked) if asked else Answer(known={})
    except (OSError, ValueError) as error:
        why = shortened(f"{type(error).__name__}: {error}")
        outcome.audited = Audited(database=policy.database, why_not=why)
        _tell([_unasked(policy, why, str(error))], policy, reporter)
        return
    vulnerable = []
    for one, ids in sorted(answer.known.items()):
        having = {layer_id for layer_id, of_layer in distributions.items() if one in of_layer}
        layers = dict.fromkeys(layer.key for layer in outcome.layers if layer.id in having)
        vulnerable.append(_vulnerable(one, join_aliases(ids, answer.aliases), layers, policy))
    outcome.audited = Audited(
        database=policy.database,
        about=answer.about,
        distributions=len(asked),
        vulnerable=tuple(vulnerable),
    )
    open_ones = [one for one in vulnerable if one.ids]
    about = f" ({answer.about})" if answer.about else ""
    reporter.step(
        "audit",
        f"{counted(len(asked), 'distribution')} asked of {policy.database}{about}:"
        f" {len(open_ones)} with known vulnerabilities",
    )
    _tell([_letter(one, policy) for one in open_ones], policy, reporter)


def _ask(policy: AuditPolicy, find: Callable[[str], Path], asked: Sequence[Distribution]) -> Answer:
    if policy.is_file:
        return look_up(find(policy.database), asked)
    return ask_database(policy.database, asked)


def _vulnerable(
    one: Distribution,
    holes: Sequence[Sequence[str]],
    layers: Iterable[str],
    policy: AuditPolicy,
) -> Vulnerable:
    """Sort out the holes that somebody has looked at, by any of their names."""
    ignored = [names for names in holes if policy.ignore.intersection(names)]
    return Vulnerable(
        name=one[0],
        version=one[1],
        ids=tuple(names[0] for names in holes if names not in ignored),
        ignored=tuple(names[0] for names in ignored),
        aliases={names[0]: tuple(names[1:]) for names in holes if names[1:]},
        layers=tuple(layers),
    )


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
            *(() if policy.is_file else connection_advice(said, os.environ)),
            _FETCHED_ANEW if policy.is_file else _FROM_A_FILE,
            "whether what is in the layers has known vulnerabilities, this run does not say",
        ),
    )
    return masked_problem(problem, os.environ)


def _letter(one: Vulnerable, policy: AuditPolicy) -> Problem:
    shown = [
        f"{known} ({', '.join(others)})" if (others := one.aliases.get(known)) else known
        for known in one.ids
    ]
    return Problem(
        message=f"{one.name} {one.version} has known vulnerabilities: {', '.join(shown)}",
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
