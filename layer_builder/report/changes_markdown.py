"""What changed in layers, as Markdown: a table of layers, and one of distributions for each."""

from layer_builder.changes import LayerChanges, changes_headline, shortened_name, signed_mib
from layer_builder.model import Layer, counted, mib
from layer_builder.outcome import Outcome
from layer_builder.report.escaping import escape_markdown

_MOST_ROWS = 30
"""Distributions in a table; all are in report.json."""


def render_changes(outcome: Outcome) -> str:
    """Render the summary's part on what changed; empty where nothing was compared."""
    compared = [
        (one, outcome.compared[one.id]) for one in outcome.layers if one.id in outcome.compared
    ]
    if not compared:
        return ""
    differing = [(layer, changes) for layer, changes in compared if not changes.is_same]
    same = [layer for layer, changes in compared if changes.is_same]
    parts = ["### What changed"]
    if differing:
        rows = ["| layer | before → after | compared with |", "| --- | --- | --- |"]
        rows += [_row(layer, changes) for layer, changes in differing]
        parts.append("\n".join(rows))
    parts += [table for layer, changes in differing if (table := distributions(layer, changes))]
    if same:
        parts.append(f"Unchanged: {', '.join(escape_markdown(layer.title) for layer in same)}.")
    return "\n\n".join(parts)


def _row(layer: Layer, changes: LayerChanges) -> str:
    source = changes.before.source if changes.before else "–"
    unread = "".join(f"<br>not known: {escape_markdown(one)}" for one in changes.unknown)
    return (
        f"| {escape_markdown(layer.title)} | {escape_markdown(changes_headline(changes))} |"
        f" {escape_markdown(source)}{unread} |"
    )


def distributions(layer: Layer, changes: LayerChanges) -> str:
    """Render the distributions of a layer that differ, folded; empty where none does."""
    if not changes.parts:
        return ""
    lines = [
        "<details>",
        f"<summary>{escape_markdown(layer.title)}: {counted(len(changes.parts), 'distribution')} differ</summary>",
        "",
        "| distribution | before | after | unzipped |",
        "| --- | --- | --- | ---: |",
    ]
    for one in changes.parts[:_MOST_ROWS]:
        versions = (part.version if part else "–" for part in (one.before, one.after))
        before, after = (escape_markdown(shortened_name(version)) for version in versions)
        size = one.after.unzipped if one.after else 0
        grown = "" if one.growth is None else f" ({signed_mib(one.growth)})"
        shown = "–" if size is None else f"{mib(size)}{grown}"
        lines.append(
            f"| {escape_markdown(shortened_name(one.name))} | {before} | {after} | {shown} |"
        )
    if len(changes.parts) > _MOST_ROWS:
        lines += ["", f"And {len(changes.parts) - _MOST_ROWS} more, in report.json."]
    return "\n".join([*lines, "", "</details>"])
