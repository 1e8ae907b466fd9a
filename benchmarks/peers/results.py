"""What was measured, as data: a row for each builder, a table for each set of packages."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.peers import figures
from benchmarks.peers.builders import Pass

RECIPE = "the recipe"
STAND_IN = "pip + zip"
"""The same packages with nothing removed: what the recipe would be if its imports worked."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One builder on one set; lists hold a value for each round."""

    title: str
    is_ours: bool = False
    seconds: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """By pass."""
    cpu_seconds: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """By pass: of the user's and the system's, all processes."""
    peak_bytes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    own_bytes: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """Without uv's processes."""
    digests: Sequence[str] = ()
    """The distinct contents of all zips made, whatever the round and the pass."""
    zip_bytes: int = 0
    unzipped_bytes: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    works: Sequence[str] = ()
    """The modules asked for that import."""
    broken: Mapping[str, str] = field(default_factory=dict)
    """Statements that fail, with the reason: imports and checks."""
    checks: int = 0
    """How many statements were tried."""
    import_seconds: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Cold imports, by the modules loaded, separated by spaces."""
    steps: Mapping[str, float] = field(default_factory=dict)
    """Where a cold run's time went, by its own account, layers added up."""
    error: str = ""
    """Why there is nothing, or not all."""

    def times(self, which: Pass) -> Sequence[float]:
        """Give the seconds of a pass; without caches, a warm run is a cold one."""
        found = self.seconds.get(which, ())
        return found or (self.seconds.get(Pass.COLD, ()) if which is Pass.WARM else ())

    def peak(self, *, own: bool) -> float:
        """Give the most memory of any run, bytes."""
        passes = (self.own_bytes if own else self.peak_bytes).values()
        return max((size for sizes in passes for size in sizes), default=0)


@dataclass(frozen=True, kw_only=True)
class Table:
    """All builders on one set of packages."""

    name: str
    about: str
    requirements: Sequence[str]
    modules: Sequence[str]
    rounds: int
    is_timed: bool
    rows: Sequence[Row]

    def row(self, title: str) -> Row | None:
        """Find a builder that made its zips."""
        return next((row for row in self.rows if row.title == title and row.zip_bytes), None)

    def why_not(self, title: str) -> str:
        """Say why a builder has no figures."""
        reasons = (row.error for row in self.rows if row.title == title)
        return next(reasons, "did not take part")

    @property
    def importing(self) -> Row | None:
        """The row that cold imports are compared with: it has no bytecode, and all imports work."""
        rows = (self.row(title) for title in (RECIPE, STAND_IN))
        return next((row for row in rows if row and self.is_whole(row)), None)

    def is_whole(self, row: Row) -> bool:
        """Tell whether all the modules asked for import."""
        return len(row.works) == len(self.modules)

    def imported(self, row: Row) -> Sequence[float]:
        """Give a row's cold imports of all modules; none where not all import."""
        return row.import_seconds.get(" ".join(self.modules), ())


@dataclass(frozen=True, kw_only=True)
class Point:
    """One run on a curve of the scale."""

    layers: int
    mib: float
    """Unzipped."""
    seconds: Sequence[float]
    again: Sequence[float]
    """The same run with nothing changed."""
    peak_bytes: int
    """Without uv's processes."""
    steps: Mapping[str, float]
    """Seconds by step, layers added up."""

    @property
    def median(self) -> float:
        """Seconds."""
        return statistics.median(self.seconds)


@dataclass(frozen=True, kw_only=True)
class Guard:
    """What the static guard takes of a build, seconds."""

    guard: float
    build: float

    @property
    def share(self) -> float:
        """Guard over build."""
        return self.guard / self.build


@dataclass(frozen=True, kw_only=True)
class Results:
    """One run of the benchmark."""

    machine: str
    pins: Mapping[str, str]
    """The peers' versions."""
    rounds: int
    tables: Sequence[Table] = ()
    by_layers: Sequence[Point] = ()
    by_size: Sequence[Point] = ()
    scale_error: str = ""
    """Why the scale was not measured to its end."""
    guard: Guard | None = None

    def table(self, name: str) -> Table | None:
        """Find the table of a set."""
        return next((table for table in self.tables if table.name == name), None)


def slope(points: Sequence[Point], *, by_size: bool) -> figures.Slope | None:
    """Fit seconds to MiB, or to layers."""
    xs = [point.mib if by_size else float(point.layers) for point in points]
    return figures.Slope.through(xs, [point.median for point in points])


def summed(report: Mapping[str, Any]) -> dict[str, float]:
    """Add up, over the layers that a run built, the seconds of each step of its report."""
    found: dict[str, float] = {}
    for layer in report["layers"]:
        if layer["same_as"] is None:
            for step, seconds in layer["seconds"].items():
                found[step] = round(found.get(step, 0.0) + seconds, 3)
    return found
