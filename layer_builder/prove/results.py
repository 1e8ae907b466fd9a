"""Rounds of imports: what came of each module."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import CompiledSource, ImportCost


class Verdict(StrEnum):
    """How one import went."""

    IMPORTED = "imported"
    FAILED = "failed"
    DIED = "died"


@dataclass(frozen=True, kw_only=True)
class ImportResult:
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
class ImportResults:
    """The imports of one tree."""

    by_name: Mapping[str, ImportResult]
    """By module name, or `module:attribute` for an entry point."""
    version: str = ""
    """Of the interpreter."""
    isolated: tuple[str, ...] = ()
    """What the imports were kept from: network, processes; and the layer read-only."""
    cost: ImportCost | None = None
    """Of all the imports; None when a process died on the way."""

    @property
    def loaded(self) -> frozenset[str]:
        """Files of all modules that were loaded, paths in the tree."""
        return self.loaded_by(self.by_name)

    def loaded_by(self, names: Iterable[str]) -> frozenset[str]:
        """Files of the modules that these imports loaded."""
        return frozenset().union(*(self.by_name[name].loaded for name in names))

    @property
    def imported(self) -> list[str]:
        """Names that imported, in order."""
        return [n for n, a in self.by_name.items() if a.verdict is Verdict.IMPORTED]

    @property
    def broken(self) -> list[str]:
        """Names that did not, in order."""
        return [n for n, a in self.by_name.items() if a.verdict is not Verdict.IMPORTED]

    def only(self, names: Collection[str]) -> "ImportResults":
        """Keep the attempts with these names."""
        return replace(self, by_name={n: a for n, a in self.by_name.items() if n in names})


@dataclass(frozen=True, kw_only=True)
class Compilation:
    """What came of compiling sources; what was gone when its turn came is in neither."""

    sources: Mapping[str, CompiledSource]
    """What was compiled, by path."""
    refused: frozenset[str] = frozenset()
    """Paths that do not compile."""


def join_results(results: Sequence[ImportResults], names: Sequence[str]) -> ImportResults:
    """Join rounds; of several attempts at a name the last counts. `names` gives the order."""
    by_name: dict[str, ImportResult] = {}
    for part in results:
        by_name |= part.by_name
    isolated = [set(part.isolated) for part in results if part.by_name]
    return ImportResults(
        by_name={name: by_name[name] for name in names},
        version=next((part.version for part in results if part.version), ""),
        isolated=tuple(sorted(set.intersection(*isolated))) if isolated else (),
        cost=total_cost([part.cost for part in results]),
    )


def total_cost(costs: Sequence[ImportCost | None]) -> ImportCost | None:
    """Add up what processes took; None where one did not come to its end."""
    known = [cost for cost in costs if cost]
    return sum(known[1:], known[0]) if known and len(known) == len(costs) else None
