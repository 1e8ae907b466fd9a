"""The inventory as JSON for machines (docs/versions.md), as a table for people, as Markdown."""

from collections.abc import Sequence
from typing import Any

import layer_builder
from layer_builder.errors import Problem
from layer_builder.model import limits
from layer_builder.model.limits import gib, mib
from layer_builder.model.release import Storage
from layer_builder.report.markdown import text
from layer_builder.versions.inventory import Entry, Growth, Holding, Stock, Usage, growth

FORMAT = 1
"""Raised when a field changes its meaning or goes; new fields do not raise it."""


_HEADINGS = ("version", "date", "zip", "growth", "unzipped", "growth", "of limit", "for", "used by")


_RIGHT = 7
"""So many columns hold numbers."""


def as_data(stocks: Sequence[Stock], warnings: Sequence[Problem], manifest: str) -> dict[str, Any]:
    """Render as JSON-ready data. All sizes are bytes, all shares from 0 to 1."""
    return {
        "version": FORMAT,
        "tool": {"name": "layer-builder", "version": layer_builder.__version__},
        "manifest": manifest,
        "regions": [_region(stock) for stock in stocks],
        "warnings": [problem.headline for problem in warnings],
    }


def _region(stock: Stock) -> dict[str, Any]:
    return {
        "region": stock.region,
        "code_storage": _storage(stock.storage) if stock.storage else None,
        "layers": [_holding(holding) for holding in stock.holdings],
        "unknown": list(stock.unknown),
    }


def _storage(storage: Storage) -> dict[str, Any]:
    return {
        "used_bytes": storage.used,
        "limit_bytes": storage.allowed,
        "share": round(storage.share, 4),
    }


def _holding(holding: Holding) -> dict[str, Any]:
    return {
        "key": holding.key,
        "name": holding.name,
        "targets": [layer.target.label for layer in holding.layers],
        "versions": [_entry(entry, before) for entry, before in _with_before(holding)],
        "deleted_but_used": [
            {"arn": arn, "used_by": _users(several)} for arn, several in holding.deleted.items()
        ],
    }


def _entry(entry: Entry, before: Entry | None) -> dict[str, Any]:
    zipped, unzipped = _growths(entry, before)
    size = entry.content.size if entry.content else None
    return {
        "version": entry.version.number,
        "arn": entry.version.arn,
        "created": entry.version.created,
        "runtimes": list(entry.version.runtimes),
        "architectures": list(entry.version.architectures),
        "sha256": entry.content.sha256 if entry.content else None,
        "zip_bytes": size,
        "zip_growth": _growth(zipped),
        "zip_share": None if size is None else round(size / limits.INLINE_ZIP_BYTES, 4),
        "unzipped_bytes": entry.unzipped_bytes,
        "unzipped_growth": _growth(unzipped),
        "unzipped_share": _share(entry),
        "used_by": None if entry.usages is None else _users(entry.usages),
    }


def _share(entry: Entry) -> float | None:
    size = entry.unzipped_bytes
    return None if size is None else round(size / limits.unzipped_limit().allowed, 4)


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


def _with_before(holding: Holding) -> list[tuple[Entry, Entry | None]]:
    return list(zip(holding.entries, [*holding.entries[1:], None], strict=False))


def _growths(entry: Entry, before: Entry | None) -> tuple[Growth | None, Growth | None]:
    if before is None:
        return None, None
    old = before.content.size if before.content else None
    zipped = growth(entry.content.size if entry.content else None, old)
    return zipped, growth(entry.unzipped_bytes, before.unzipped_bytes)


def table(stocks: Sequence[Stock]) -> str:
    """Render as plain text, one table for each layer and region; ends with a newline."""
    lines = []
    for stock in stocks:
        for holding in stock.holdings:
            lines += [_heading(holding, stock.region), *_columns(_rows(holding)), ""]
            lines[-1:-1] = [f"  {line}" for line in _ghosts(holding)]
        lines += [f"  {fact}" for fact in _facts(stock)]
    return "\n".join(lines) + "\n"


def markdown(stocks: Sequence[Stock]) -> str:
    """Render for a job summary; ends with a newline."""
    lines = ["## Lambda layers: versions", ""]
    for stock in stocks:
        for holding in stock.holdings:
            lines += [f"### {text(_heading(holding, stock.region))}", ""]
            rows = _rows(holding)
            if rows:
                marks = ["---:"] * _RIGHT + ["---"] * (len(_HEADINGS) - _RIGHT)
                lines += [_row(_HEADINGS), _row(marks), *(_row(map(text, row)) for row in rows)]
            lines += ["", *(f"- {text(line)}" for line in _ghosts(holding)), ""]
        lines += [*(f"- {text(fact)}" for fact in _facts(stock)), ""]
    return "\n".join(lines).rstrip("\n") + "\n"


def _row(cells: Any) -> str:  # noqa: ANN401 (any iterable of text)
    return f"| {' | '.join(cells)} |"


def _heading(holding: Holding, region: str) -> str:
    called = "" if holding.key == holding.name else f" ({holding.key})"
    none = "" if holding.entries else ": no version"
    return f"{holding.name}{called} in {region}{none}"


def _rows(holding: Holding) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for entry, before in _with_before(holding):
        zipped, unzipped = _growths(entry, before)
        size, share = entry.unzipped_bytes, _share(entry)
        users = "?" if entry.usages is None else ", ".join(map(str, entry.usages)) or "–"
        rows.append(
            (
                str(entry.version.number),
                entry.version.created[:10] or "?",
                mib(entry.content.size) if entry.content else "?",
                _grown(zipped),
                "?" if size is None else mib(size),
                _grown(unzipped),
                "?" if share is None else f"{share:.0%}",
                ", ".join((*entry.version.runtimes, *entry.version.architectures)) or "?",
                users,
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


def _ghosts(holding: Holding) -> list[str]:
    return [
        f"{arn} was deleted, and is still used by {', '.join(map(str, several))}"
        for arn, several in holding.deleted.items()
    ]


def _facts(stock: Stock) -> list[str]:
    facts = []
    if stock.storage:
        facts.append(
            f"code storage in {stock.region}: {gib(stock.storage.used)},"
            f" {stock.storage.share:.0%} of {gib(stock.storage.allowed)}"
        )
    return facts + [f"not known: {what}" for what in stock.unknown]


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
