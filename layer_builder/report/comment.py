"""The pull-request comment: verdict, changed layers, the rest folded; cut at whole sections."""

import posixpath
import re
from collections.abc import Sequence

from layer_builder.changes import changes_headline
from layer_builder.model import Built, KnownLayer, Layer, Proof, mib
from layer_builder.outcome import Outcome
from layer_builder.plain_text import report_title
from layer_builder.report.changes_markdown import distributions
from layer_builder.report.escaping import code_span, escape_markdown
from layer_builder.report.markdown import render_functions, render_problems

# GitHub takes 65,536 characters: https://github.com/danger/danger/issues/424
_MOST_CHARACTERS = 65_000
_ODD = re.compile(r"[^A-Za-z0-9._/-]")


def comment_mark(outcome: Outcome) -> str:
    """Give the first line of the comment of a manifest, which no other manifest's has."""
    path = posixpath.normpath(outcome.inputs.manifest.replace("\\", "/"))
    # A path may hold what ends a comment of HTML.
    plain = _ODD.sub(
        lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode(errors="replace")), path
    )
    return f"<!-- layer-builder: {plain} -->"


def render_comment(outcome: Outcome, footer: str, most: int = _MOST_CHARACTERS) -> str:
    """Render the comment. `footer` is Markdown of ours; `most` are the characters there are.

    A section that does not fit is left out whole, and the footer says so.
    """
    head = f"{comment_mark(outcome)}\n## {report_title(outcome)}"
    sections = [one for one in _sections(outcome) if one]
    whole = _joined([head, *sections, footer])
    if len(whole) <= most:
        return whole
    cut = "Cut to what a comment takes; the job summary has the rest."
    last = f"{cut} {footer}".strip()
    kept = [head]
    for section in sections:
        if len(_joined([*kept, section, last])) <= most:
            kept.append(section)
    return _joined([*kept, last])


def _joined(parts: Sequence[str]) -> str:
    return "\n\n".join(filter(None, parts)) + "\n"


def _sections(outcome: Outcome) -> list[str]:
    """List the sections, what matters most first."""
    layers = [layer for layer in outcome.layers if _is_told(outcome, layer)]
    same = [layer for layer in layers if _is_same(outcome, layer)]
    others = [layer for layer in layers if layer not in same]
    found = [
        _verdict(outcome, len(others), len(layers)),
        *render_problems("Errors", outcome.errors),
        _table(outcome, others),
        *(
            distributions(layer, changes)
            for layer in others
            if (changes := outcome.compared.get(layer.id))
        ),
    ]
    if outcome.stacks or outcome.known_functions:
        found.append(render_functions(outcome))
    found += render_problems("Warnings", outcome.warnings)
    if same:
        found.append(_folded(f"{len(same)} unchanged", _table(outcome, same)))
    return found


def _verdict(outcome: Outcome, differing: int, count: int) -> str:
    path = f"Manifest {code_span(outcome.inputs.manifest)}"
    if not outcome.compared:
        return f"{path}."
    sources = [one.before.source for one in outcome.compared.values() if one.before]
    against = f", compared with {code_span(sources[0])}" if len(set(sources)) == 1 else ""
    return f"{path}: {differing} of {count} layers differ{against}."


def _table(outcome: Outcome, layers: Sequence[Layer]) -> str:
    if not layers:
        return ""
    rows = ["| layer | before → after | proof |", "| --- | --- | --- |"]
    for layer in layers:
        found = outcome.built.get(layer.id) or outcome.known.get(layer.id)
        rows.append(
            f"| {escape_markdown(layer.title)} | {escape_markdown(_what(outcome, layer))} |"
            f" {_proof(found)} |"
        )
    return "\n".join(rows)


def _what(outcome: Outcome, layer: Layer) -> str:
    changes, built = outcome.compared.get(layer.id), outcome.built.get(layer.id)
    if changes:
        return " · ".join([changes_headline(changes), *changes.unknown])
    return mib(built.archive.weight.zip_bytes) if built else "not built: AWS has it"


def _proof(found: Built | KnownLayer | None) -> str:
    match found:
        case Built(details=details):
            return _proven(details.proof)
        case KnownLayer():
            return "when it was published"
        case _:
            return "not built"


def _proven(proof: Proof | None) -> str:
    if proof is None:
        return "none"
    if proof.static:
        return "files only"
    count = len(proof.failed_before)
    failing = f", {count} {'fails' if count == 1 else 'fail'} unpruned too" if count else ""
    return f"{len(proof.imported)} imports{failing}{'' if proof.is_isolated else ', not isolated'}"


def _is_told(outcome: Outcome, layer: Layer) -> bool:
    return any(layer.id in found for found in (outcome.compared, outcome.built, outcome.known))


def _is_same(outcome: Outcome, layer: Layer) -> bool:
    changes = outcome.compared.get(layer.id)
    return bool(changes.is_same) if changes else layer.id in outcome.known


def _folded(title: str, text: str) -> str:
    return f"<details>\n<summary>{title}</summary>\n\n{text}\n\n</details>"
