"""The prune plan: which files go, by which rule, and which stay, because of whom."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass


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


@dataclass(frozen=True, kw_only=True)
class PrunePlan:
    """What goes, by which rule, and what stays, because of whom."""

    removals: tuple[Removal, ...] = ()
    restored: tuple[Restoration, ...] = ()

    @property
    def removed_paths(self) -> frozenset[str]:
        """The paths that go."""
        return frozenset(removal.entry.path for removal in self.removals)

    @property
    def totals(self) -> tuple[RuleTotal, ...]:
        """Files and bytes per rule, the most bytes first."""
        sizes: dict[str, list[int]] = defaultdict(list)
        for removal in self.removals:
            sizes[removal.rule].append(removal.entry.size)
        found = (
            RuleTotal(rule=rule, files=len(parts), bytes=sum(parts))
            for rule, parts in sizes.items()
        )
        return tuple(sorted(found, key=lambda total: (-total.bytes, total.rule)))

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
        left = tuple(removal for removal in self.removals if removal.entry.path not in needed)
        return PrunePlan(removals=left, restored=(*self.restored, *back))
