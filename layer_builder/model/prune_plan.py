"""The prune plan: which files go, by which rule, and which stay, because of whom."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from layer_builder.errors import Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model.limits import mib


@dataclass(frozen=True, kw_only=True, order=True)
class InstalledFile:
    """One file of the tree."""

    path: str
    """POSIX path relative to the directory that holds the installed packages."""
    size: int
    """Bytes."""
    executable: bool = False


@dataclass(frozen=True, kw_only=True)
class Removal:
    """A file that goes, and the rule that says so."""

    entry: InstalledFile
    rule: str


@dataclass(frozen=True, kw_only=True)
class Restoration:
    """A file that a rule would remove and that stays, since something needs it."""

    path: str
    size: int
    rule: str
    needed_by: str
    """`file:line` of the first kept code found to reach it."""


@dataclass(frozen=True, kw_only=True)
class RuleTotal:
    """What one rule removes."""

    rule: str
    files: int
    bytes: int


@dataclass(frozen=True, kw_only=True, order=True)
class PrunedPart:
    """What one rule removes in one folder of a distribution."""

    distribution: str
    """Normalised; empty where the part adds up what many lost."""
    folder: str
    """POSIX path relative to the directory that holds the installed packages; empty for that itself."""
    rule: str
    files: int
    bytes: int


@dataclass(frozen=True, kw_only=True, order=True)
class ServiceUse:
    """An AWS service, and who asks for it."""

    service: str
    """The name that `boto3.client` takes."""
    place: str
    """`file:line` of the first code found to ask for it, or what does in words."""


@dataclass(frozen=True, kw_only=True)
class KeptServices:
    """Of the data of AWS's services what stays in a layer, and because of whom."""

    uses: tuple[ServiceUse, ...] = ()
    """The services that stay; empty where all do."""
    all_because: tuple[str, ...] = ()
    """Why all stay, as far as it lies in the layer: calls of its distributions that do not say which."""
    all_because_of_others: tuple[str, ...] = ()
    """The same of what lies beside it: the workspace's code, other layers, what was not read."""
    known: int = 0
    """How many services there are data of."""
    bytes_left_out: int = 0

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why all stay; none where not all do."""
        return (*self.all_because_of_others, *self.all_because)

    @property
    def line(self) -> str:
        """Say in a line what stays, and because of whom."""
        if self.reasons:
            first, more = self.reasons[0], len(self.reasons) - 1
            why = first + (f", and {more} more" if more else "")
            return f"kept the data of all {self.known} services: {why}"
        whose = ", ".join(f"{use.service} ({use.place})" for use in self.uses)
        return (
            f"kept the data of {len(self.uses)} of {self.known} services: {whose};"
            f" left out {mib(self.bytes_left_out)}"
        )

    def seen_now(self, uses: Iterable[ServiceUse], reasons: Sequence[str]) -> "KeptServices":
        """Give the same with the places that what lies beside the layer has now."""
        places = {use.service: use.place for use in uses}
        now = (replace(use, place=places.get(use.service, use.place)) for use in self.uses)
        return replace(self, uses=tuple(now), all_because_of_others=tuple(reasons))


@dataclass(frozen=True, kw_only=True)
class PrunePlan:
    """What goes, by which rule, and what stays, because of whom."""

    removals: tuple[Removal, ...] = ()
    restored: tuple[Restoration, ...] = ()
    to_runtime: tuple[InstalledFile, ...] = ()
    """What the Lambda runtime is to bring: it goes, but the proof still finds it."""
    warnings: tuple[Problem, ...] = ()
    services: KeptServices | None = None
    """None where nothing of the SDK's data was chosen."""

    @property
    def removed_paths(self) -> frozenset[str]:
        """The paths that go."""
        return frozenset(removal.entry.path for removal in self.removals)

    @property
    def totals(self) -> tuple[RuleTotal, ...]:
        """Files and bytes per rule: what is left to the runtime, then the most bytes first."""
        sizes: dict[str, list[int]] = defaultdict(list)
        for removal in self.removals:
            sizes[removal.rule].append(removal.entry.size)
        totals = [
            RuleTotal(rule=rule, files=len(parts), bytes=sum(parts))
            for rule, parts in sizes.items()
        ]
        totals.sort(key=lambda total: (-total.bytes, total.rule))
        if self.to_runtime:
            size = sum(file.size for file in self.to_runtime)
            totals.insert(0, RuleTotal(rule="sdk", files=len(self.to_runtime), bytes=size))
        return tuple(totals)

    def kept(self, files: Sequence[InstalledFile]) -> list[InstalledFile]:
        """Pick the files that stay."""
        gone = self.removed_paths.union(file.path for file in self.to_runtime)
        return [file for file in files if file.path not in gone]

    def with_removals(self, removals: Iterable[Removal]) -> "PrunePlan":
        """Add to what goes."""
        return replace(self, removals=(*self.removals, *removals))

    def restoring(self, needed: Mapping[str, str]) -> "PrunePlan":
        """Change the plan so that these paths stay, because of what the mapping says."""
        back = tuple(
            Restoration(
                path=removal.entry.path,
                size=removal.entry.size,
                rule=removal.rule,
                needed_by=needed[removal.entry.path],
            )
            for removal in self.removals
            if removal.entry.path in needed
        )
        removals = tuple(removal for removal in self.removals if removal.entry.path not in needed)
        return replace(self, removals=removals, restored=(*self.restored, *back))
