"""The inventory as JSON for machines (docs/versions.md), as a table for people, as Markdown."""

from collections.abc import Iterable, Sequence
from typing import Any

import layer_builder
from layer_builder.errors import Problem
from layer_builder.model import INLINE_ZIP_BYTES, CodeStorage, Stamp, gib, mib, unzipped_limit
from layer_builder.report import escape_markdown
from layer_builder.versions.inventory import (
    Growth,
    LayerHistory,
    RegionInventory,
    Usage,
    VersionRow,
    growth,
)
from layer_builder.versions.orphans import orphan_data, orphan_lines

FORMAT = 1
"""Raised when a field changes its meaning or goes; new fields do not raise it."""


_HEADINGS = (
    *("version", "date", "zip", "growth", "unzipped", "growth", "of limit"),
    *("for", "used by", "from", "content", "owner"),
)


_RIGHT = 7
"""So many columns hold numbers."""


def inventory_data(
    inventories: Sequence[RegionInventory], warnings: Sequence[Problem], manifest: str
) -> dict[str, Any]:
    """Render as JSON-ready data. All sizes are bytes, all shares from 0 to 1."""
    return {
        "version": FORMAT,
        "tool": {"name": "layer-builder", "version": layer_builder.__version__},
        "manifest": manifest,
        "regions": [_region(inventory) for inventory in inventories],
        "warnings": [problem.headline for problem in warnings],
    }


def _region(inventory: RegionInventory) -> dict[str, Any]:
    return {
        "region": inventory.region,
        "code_storage": _storage(inventory.storage) if inventory.storage else None,
        "layers": [_history(history) for history in inventory.histories],
        "orphans": orphan_data(inventory.orphans),
        "unknown": list(inventory.unknown),
    }


def _storage(storage: CodeStorage) -> dict[str, Any]:
    return {
        "used_bytes": storage.used,
        "limit_bytes": storage.allowed,
        "share": round(storage.share, 4),
    }


def _history(history: LayerHistory) -> dict[str, Any]:
    return {
        "key": history.key,
        "name": history.name,
        "targets": [layer.target.label for layer in history.layers],
        "versions": [_version_row(row, before) for row, before in _with_before(history)],
        "deleted_but_used": [
            {"arn": arn, "used_by": _users(several)} for arn, several in history.deleted.items()
        ],
    }


def _version_row(row: VersionRow, before: VersionRow | None) -> dict[str, Any]:
    zipped, unzipped = _growths(row, before)
    size = row.content.size if row.content else None
    return {
        "version": row.version.number,
        "arn": row.version.arn,
        "created": row.version.created,
        "runtimes": list(row.version.runtimes),
        "architectures": list(row.version.architectures),
        "stamp": _stamp(row.version.stamp),
        "sha256": row.content.sha256 if row.content else None,
        "zip_bytes": size,
        "zip_growth": _growth(zipped),
        "zip_share": None if size is None else round(size / INLINE_ZIP_BYTES, 4),
        "unzipped_bytes": row.unzipped_bytes,
        "unzipped_growth": _growth(unzipped),
        "unzipped_share": _share(row),
        "used_by": None if row.usages is None else _users(row.usages),
    }


def _stamp(stamp: Stamp | None) -> dict[str, str] | None:
    if stamp is None:
        return None
    return {"key": stamp.key, "owner": stamp.owner, "commit": stamp.commit}


def _share(row: VersionRow) -> float | None:
    size = row.unzipped_bytes
    return None if size is None else round(size / unzipped_limit().allowed, 4)


def _growth(grown: Growth | None) -> dict[str, Any] | None:
    if grown is None:
        return None
    share = None if grown.share is None else round(grown.share, 4)
    return {"bytes": grown.size, "share": share}


def _users(several: Sequence[Usage]) -> list[dict[str, Any]]:
    return [
        {
            "function": usage.function,
            "version": usage.qualifier,
            "aliases": None if usage.aliases is None else list(usage.aliases),
        }
        for usage in several
    ]


def _with_before(history: LayerHistory) -> list[tuple[VersionRow, VersionRow | None]]:
    return list(zip(history.rows, [*history.rows[1:], None], strict=False))


def _growths(row: VersionRow, before: VersionRow | None) -> tuple[Growth | None, Growth | None]:
    if before is None:
        return None, None
    old = before.content.size if before.content else None
    zipped = growth(row.content.size if row.content else None, old)
    return zipped, growth(row.unzipped_bytes, before.unzipped_bytes)


def render_table(inventories: Sequence[RegionInventory]) -> str:
    """Render as plain text, one table for each layer and region; ends with a newline."""
    lines = []
    for inventory in inventories:
        for history in inventory.histories:
            lines += [_heading(history, inventory.region), *_columns(_rows(history)), ""]
            lines[-1:-1] = [f"  {line}" for line in _deleted_but_used(history)]
        lines += [f"  {fact}" for fact in _facts(inventory)]
    return "\n".join(lines) + "\n"


def render_inventory(inventories: Sequence[RegionInventory]) -> str:
    """Render for a job summary; ends with a newline."""
    lines = ["## Lambda layers: versions", ""]
    for inventory in inventories:
        for history in inventory.histories:
            lines += [f"### {escape_markdown(_heading(history, inventory.region))}", ""]
            rows = _rows(history)
            if rows:
                marks = ["---:"] * _RIGHT + ["---"] * (len(_HEADINGS) - _RIGHT)
                lines += [
                    _row(_HEADINGS),
                    _row(marks),
                    *(_row(map(escape_markdown, row)) for row in rows),
                ]
            lines += [
                "",
                *(f"- {escape_markdown(line)}" for line in _deleted_but_used(history)),
                "",
            ]
        lines += [*(f"- {escape_markdown(fact)}" for fact in _facts(inventory)), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _heading(history: LayerHistory, region: str) -> str:
    called = "" if history.key == history.name else f" ({history.key})"
    none = "" if history.rows else ": no version"
    return f"{history.name}{called} in {region}{none}"


def _rows(history: LayerHistory) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for row, before in _with_before(history):
        zipped, unzipped = _growths(row, before)
        size, share = row.unzipped_bytes, _share(row)
        users = "?" if row.usages is None else ", ".join(map(str, row.usages)) or "–"
        stamp = row.version.stamp
        rows.append(
            (
                str(row.version.number),
                row.version.created[:10] or "?",
                mib(row.content.size) if row.content else "?",
                _grown(zipped),
                "?" if size is None else mib(size),
                _grown(unzipped),
                "?" if share is None else f"{share:.0%}",
                ", ".join((*row.version.runtimes, *row.version.architectures)) or "?",
                users,
                stamp.commit if stamp else "–",
                stamp.content if stamp else "–",
                stamp.owner if stamp else "–",
            )
        )
    return rows


def _grown(grown: Growth | None) -> str:
    if grown is None:
        return "–"
    if not grown.size:
        return "same"
    share = "" if grown.share is None else f" ({grown.share:+.0%})"
    return f"{'+' if grown.size > 0 else '-'}{mib(abs(grown.size))}{share}"


def _deleted_but_used(history: LayerHistory) -> list[str]:
    return [
        f"{arn} was deleted, and is still used by {', '.join(map(str, several))}"
        for arn, several in history.deleted.items()
    ]


def _facts(inventory: RegionInventory) -> list[str]:
    facts = []
    if inventory.storage:
        facts.append(
            f"code storage in {inventory.region}: {gib(inventory.storage.used)},"
            f" {inventory.storage.share:.0%} of {gib(inventory.storage.allowed)}"
        )
    facts += orphan_lines(inventory.orphans, inventory.region)
    return facts + [f"not known: {what}" for what in inventory.unknown]


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align cells: numbers to the right, the rest to the left."""
    if not rows:
        return []
    widths = [max(map(len, column)) for column in zip(_HEADINGS, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        padded = [
            cell.rjust(width) if index < _RIGHT else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
        ]
        return f"  {'  '.join(padded)}".rstrip()

    return [line(_HEADINGS), *map(line, rows)]
