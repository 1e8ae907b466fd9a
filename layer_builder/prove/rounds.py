"""The proof: which modules to import, what came of it, and what that says of the pruning."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from layer_builder import imports

_WORTH_SHARING = 100

SHARES = 2
"""Processes that import a layer, on any machine: which modules an import loads may depend on those
before it, and with `bytecode: imported` the zip holds what was loaded."""


class Depth(StrEnum):
    """How much to prove."""

    IMPORTS = "imports"
    """Every top-level module and the level below it, and the entry points."""
    DEEP = "deep"
    """Every module."""
    STATIC = "static"
    """From the files alone; nothing is run."""
    OFF = "off"


class Verdict(StrEnum):
    """How one import went."""

    IMPORTED = "imported"
    FAILED = "failed"
    DIED = "died"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One import."""

    verdict: Verdict
    error: str = ""
    """The traceback, or why the interpreter ended."""
    seconds: float = 0.0
    opened: frozenset[str] = frozenset()
    """Files of the layer that were opened meanwhile, if that was watched."""
    loaded: frozenset[str] = frozenset()
    """Files of the modules that it loaded, those loaded before it left out."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What importing takes, seconds of wall time."""

    plain: float
    """From source, as it is without bytecode in a read-only layer."""
    cached: float
    """The same without compiling, and with reading the bytecode instead."""

    def __add__(self, other: "Cost") -> "Cost":
        """Add up what processes took."""
        return Cost(plain=self.plain + other.plain, cached=self.cached + other.cached)


@dataclass(frozen=True, kw_only=True)
class Round:
    """The imports of one tree."""

    attempts: Mapping[str, Attempt]
    """By module name, or `module:attribute` for an entry point."""
    version: str = ""
    """Of the interpreter."""
    isolated: tuple[str, ...] = ()
    """What the imports were kept from: network, processes; and the layer read-only."""
    cost: Cost | None = None
    """Of all the imports; None when a process died on the way."""

    @property
    def loaded(self) -> frozenset[str]:
        """Files of all modules that were loaded, paths in the tree."""
        return self.loaded_by(self.attempts)

    def loaded_by(self, names: Iterable[str]) -> frozenset[str]:
        """Files of the modules that these imports loaded."""
        return frozenset().union(*(self.attempts[name].loaded for name in names))

    @property
    def imported(self) -> list[str]:
        """Names that imported, in order."""
        return [n for n, a in self.attempts.items() if a.verdict is Verdict.IMPORTED]

    @property
    def broken(self) -> list[str]:
        """Names that did not, in order."""
        return [n for n, a in self.attempts.items() if a.verdict is not Verdict.IMPORTED]

    def only(self, names: Collection[str]) -> "Round":
        """Keep the attempts with these names."""
        return replace(self, attempts={n: a for n, a in self.attempts.items() if n in names})


def together(rounds: Sequence[Round], names: Sequence[str]) -> Round:
    """Join rounds; of several attempts at a name the last counts. `names` gives the order."""
    attempts: dict[str, Attempt] = {}
    for part in rounds:
        attempts |= part.attempts
    isolated = [set(part.isolated) for part in rounds if part.attempts]
    return Round(
        attempts={name: attempts[name] for name in names},
        version=next((part.version for part in rounds if part.version), ""),
        isolated=tuple(sorted(set.intersection(*isolated))) if isolated else (),
        cost=total([part.cost for part in rounds]),
    )


def total(costs: Sequence[Cost | None]) -> Cost | None:
    """Add up what processes took; None where one did not come to its end."""
    known = [cost for cost in costs if cost]
    return sum(known[1:], known[0]) if known and len(known) == len(costs) else None


def shares(names: Sequence[str], weights: Mapping[str, int]) -> list[list[str]]:
    """Share names out over processes, whole top-level packages each, about equally heavy.

    `weights` gives the bytes of source below each top-level name. Few names make one share: what
    they import in common would be imported twice.
    """
    if len(names) < _WORTH_SHARING:
        return [list(names)] if names else []
    packages: dict[str, list[str]] = {}
    for name in names:
        packages.setdefault(name.partition(":")[0].partition(".")[0], []).append(name)
    found: list[list[str]] = [[] for _ in range(SHARES)]
    loads = [0] * SHARES
    for package in sorted(packages, key=lambda name: (-weights.get(name, 0), name)):
        lightest = loads.index(min(loads))
        found[lightest] += packages[package]
        loads[lightest] += weights.get(package, 0) + len(packages[package])
    order = {name: index for index, name in enumerate(names)}
    return [sorted(share, key=order.__getitem__) for share in found if share]


@dataclass(frozen=True, kw_only=True)
class Proof:
    """The evidence that a pruned tree still imports."""

    depth: Depth
    static: bool
    """Whether only the files were looked at."""
    imported: tuple[str, ...] = ()
    failed_before: tuple[str, ...] = ()
    """What did not import unpruned either: no fault of pruning."""
    interpreter: str | None = None
    """Version of the Python that imported, None when none did."""
    isolated: tuple[str, ...] = ()
    seconds: float = 0.0
    cost: Cost | None = None
    """Of importing all that was proven, in the processes that did; None where none did to the end.

    Layers below count as if they had bytecode."""
    loaded: tuple[str, ...] = field(default=(), repr=False)
    """Files of the modules that importing the top-level ones, and those asked for, loaded."""


def modules_to_prove(
    paths: Collection[str], depth: Depth, entry_points: Sequence[str], asked: Sequence[str]
) -> list[str]:
    """List what to import, top-level modules first, packages before what is in them.

    The second level is counted from where code begins: `google.cloud.storage` is a first level,
    since `google` and `google.cloud` are folders only.
    """
    if depth in {Depth.STATIC, Depth.OFF}:
        return []
    names = {name for path in paths if (name := imports.module_name(path)) and _is_importable(name)}
    if depth is Depth.IMPORTS:
        names = {name for name in names if _level(name, names) <= 2}  # noqa: PLR2004 (the second)
    points = [point for point in entry_points if point.partition(":")[0].isascii()]
    ordered = sorted(names, key=lambda name: (_level(name, names) > 1, name))
    return list(dict.fromkeys([*ordered, *sorted(points), *asked]))


def starts(names: Sequence[str], asked: Collection[str]) -> list[str]:
    """Pick what a function imports itself: top-level modules, and those the manifest names.

    In the order of `modules_to_prove` they come first, so that all they load is theirs.
    """
    modules = {name for name in names if ":" not in name}
    return [
        name for name in names if name in asked or (name in modules and _level(name, modules) == 1)
    ]


def _is_importable(name: str) -> bool:
    """Leave out programs, which run when they are imported."""
    return name.rpartition(".")[2] != "__main__"


def _level(name: str, names: Collection[str]) -> int:
    """Count a module and those of its packages that have code of their own."""
    return sum(parent in names for parent in imports.parents(name))
