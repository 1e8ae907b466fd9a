"""What must hold, decided from the results of a run."""

import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.peers.builders import Pass
from benchmarks.peers.figures import Spread, ratios
from benchmarks.peers.results import RECIPE, STAND_IN, Results, Row, Table

DEFAULT = "this program"
BEST = "this program, compression: best"
TWO_SERVICES = "this program, sdk: [s3, lambda]"
IMPORTED = "this program, bytecode: imported"
ALL = "this program, bytecode: all"
"""The titles of our rows."""

SLIM = "serverless, slim"
PEX = "pex"
UV = "uv guide, wheels for the runtime"
MOST_BYTES = 400 * 1000 * 1000


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A figure that must not be above, or not below, a bound."""

    what: str
    bound: str
    value: Spread | None
    holds: bool | None
    """By the median; None when it was not measured."""
    note: str = ""

    @property
    def verdict(self) -> str:
        """Say it in a word."""
        return "–" if self.holds is None else "yes" if self.holds else "**no**"


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "≥": operator.ge, "≤": operator.le, "<": operator.lt,
}  # fmt: skip


def check(results: Results) -> list[Claim]:
    """Decide all claims, those that could not be measured too."""
    return [*_times(results), *_sizes(results), *_imports(results), *_memory(results)]


def _claim(what: str, sign: str, bound: float, values: Sequence[float], note: str = "") -> Claim:
    value = Spread.of(values)
    return Claim(
        what=what,
        bound=f"{sign} {bound:g}",
        value=value,
        holds=None if value is None else _COMPARE[sign](value.median, bound),
        note=note,
    )


def _times(results: Results) -> Iterator[Claim]:
    table = results.table("example")
    mine, recipe = _row(table, DEFAULT), _row(table, RECIPE)
    note = _missing(table, DEFAULT, RECIPE)
    slow = recipe.times(Pass.COLD)
    yield _claim("the example, empty caches: times faster than the recipe", "≥", 8,
                 ratios(slow, mine.times(Pass.COLD)), note)  # fmt: skip
    yield _claim("the example, caches as an earlier run left them: times faster", "≥", 12,
                 ratios(slow, mine.times(Pass.WARM)), note)  # fmt: skip
    yield _claim("the same, uv's cache alone: built and proven anew", "≥", 12,
                 ratios(slow, mine.times(Pass.REBUILT)), note)  # fmt: skip
    yield _claim("the example, nothing changed: part of the recipe's time", "<", 0.1,
                 ratios(mine.times(Pass.UNCHANGED), slow), note)  # fmt: skip
    yield _claim("the example, nothing changed, empty caches, known to AWS by its stamps: part of"
                 " the recipe's time", "≤", 0.05, ratios(mine.times(Pass.KNOWN), slow), note)  # fmt: skip
    yield _claim("the same, with layers.lock, which asks no index", "≤", 0.05,
                 ratios(mine.times(Pass.LOCKED), slow), note)  # fmt: skip

    yield _claim("the example, first use: set up, built, proven and published, times faster than the"
                 " recipe, which only builds", "≥", 3.5, ratios(slow, mine.times(Pass.FIRST)), note)  # fmt: skip
    yield _claim("the example, one pin of core-deps changed, caches full: times faster", "≥", 10,
                 ratios(slow, mine.times(Pass.LOWER_PIN)), note)  # fmt: skip
    yield _claim("the example, one pin of optional-deps changed, caches full: times faster", "≥", 15,
                 ratios(slow, mine.times(Pass.UPPER_PIN)), note)  # fmt: skip
    for name, bound in (
        ("core-deps", 1.0),
        ("web", 1.0),
        ("data", 1.1),
        ("ai", 1.1),
        ("tiny", 1.5),
    ):
        table = results.table(name)
        mine, theirs = _row(table, DEFAULT), _row(table, UV)
        yield _claim(f"{name}, empty caches, proof included: part of the time of uv + zip", "≤", bound,
                     ratios(mine.times(Pass.COLD), theirs.times(Pass.COLD)),
                     _missing(table, DEFAULT, UV))  # fmt: skip


def _sizes(results: Results) -> Iterator[Claim]:
    table = results.table("core-deps")
    for title, other, sign, bound in (
        (DEFAULT, RECIPE, "≤", 0.98),
        (BEST, RECIPE, "≤", 0.96),
        (TWO_SERVICES, RECIPE, "≤", 0.72),
        (DEFAULT, SLIM, "<", 0.90),
        (DEFAULT, PEX, "<", 0.90),
    ):
        mine, theirs = _row(table, title), _row(table, other)
        claim = _claim(f"core-deps, zip of {title}: part of {_whose(other)}", sign, bound,
                       ratios(_size(mine), _size(theirs)), _missing(table, title, other))  # fmt: skip
        yield _only_if_whole(claim, table, mine)


def _imports(results: Results) -> Iterator[Claim]:
    table = results.table("core-deps")
    plain, recipe = _row(table, DEFAULT), _row(table, RECIPE)
    base = table.importing if table else None
    for title, bound in ((IMPORTED, 2.3), (ALL, 3.0)):
        mine = _row(table, title)
        note = _missing(table, title, DEFAULT)
        whose = _whose(base.title if base else RECIPE)
        values = ratios(table.imported(base), table.imported(mine)) if table and base else ()
        yield _claim(f"core-deps, cold import of {title}: times faster than {whose}", "≥", bound,
                     values, note or _why_not_the_recipe(table, recipe))  # fmt: skip
        if table and recipe.works and not table.is_whole(recipe):
            names = " ".join(recipe.works)
            values = ratios(recipe.import_seconds[names], mine.import_seconds.get(names, ()))
            yield _claim(f"the same of {', '.join(recipe.works)} alone, than the recipe's",
                         "≥", bound, values, note)  # fmt: skip
        if title == IMPORTED:
            yield _claim(f"core-deps, zip of {title}: part of ours without", "≤", 1.16,
                         ratios(_size(mine), _size(plain)), note)  # fmt: skip


def _memory(results: Results) -> Iterator[Claim]:
    table = results.table("example")
    mine = _row(table, DEFAULT)
    peak = [size / 1e6 for size in mine.own_bytes.get(Pass.COLD, ())]
    yield _claim("the example, empty caches: peak memory in MB, without uv's own", "<",
                 MOST_BYTES / 1e6, peak, _missing(table, DEFAULT))  # fmt: skip
    largest = max(results.by_size, key=lambda point: point.mib, default=None)
    yield _claim("the largest layer of the scale: peak memory in MB, without uv's own", "≤", 300,
                 [largest.peak_bytes / 1e6] if largest else [],
                 f"{largest.mib:.0f} MiB unzipped" if largest else "not measured in this run")  # fmt: skip


def _row(table: Table | None, title: str) -> Row:
    return (table.row(title) if table else None) or Row(title=title)


def _size(row: Row) -> list[float]:
    return [float(row.zip_bytes)] if row.zip_bytes else []


def _missing(table: Table | None, *titles: str) -> str:
    """Say who did not make it, and why."""
    if table is None:
        return "not measured in this run"
    return "; ".join(f"{title}: {table.why_not(title)}" for title in titles if not table.row(title))


def _only_if_whole(claim: Claim, table: Table | None, mine: Row) -> Claim:
    """A size counts only where everything imports."""
    if table is None or not mine.zip_bytes or not mine.broken:
        return claim
    return Claim(what=claim.what, bound=claim.bound, value=claim.value, holds=False,
                 note=f"{len(mine.broken)} of {mine.checks} imports and checks fail")  # fmt: skip


def _why_not_the_recipe(table: Table | None, recipe: Row) -> str:
    if table is None or not recipe.zip_bytes or table.is_whole(recipe):
        return ""
    gone = [name for name in table.modules if name not in recipe.works]
    return f"the recipe's {' and '.join(gone)} do not import, so {STAND_IN} stands in for it"


def _whose(title: str) -> str:
    return f"{title}'s"
