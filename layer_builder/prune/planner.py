"""Decides what leaves the tree and what stays because of whom; never deletes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import pathspec

from layer_builder import rules
from layer_builder.guard import Guard, ReadSource
from layer_builder.rules import Profile, Rule


@dataclass(frozen=True, kw_only=True, order=True)
class Entry:
    """One file of the tree."""

    path: str
    """POSIX path relative to the directory that holds the installed packages."""
    size: int
    """Bytes."""
    executable: bool = False


@dataclass(frozen=True, kw_only=True)
class Removal:
    """A file that goes, and the rule that says so."""

    entry: Entry
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


@dataclass(frozen=True, kw_only=True)
class PruneRules:
    """The rules of one layer; call it with the tree to get the plan."""

    profile: Profile = Profile.SAFE
    keep: tuple[str, ...] = ()
    """gitignore patterns that no rule removes."""
    drop: tuple[str, ...] = ()
    """gitignore patterns to remove besides the profile's."""
    asked_for: frozenset[str] = frozenset()
    """Distributions (normalised names) that the layer's requirements name."""

    def __call__(
        self, entries: Sequence[Entry], owners: Mapping[str, str], read: ReadSource
    ) -> PrunePlan:
        """Plan the pruning of installed files.

        `owners` names the distribution (normalised) of each path. What kept code imports, or reads
        by a literal name, is kept, with the file and line that needs it.
        """
        candidates = self._candidates(entries, owners)
        needed = Guard(
            paths={entry.path for entry in entries},
            candidates=candidates.keys(),
            dropped={path for path, rule in candidates.items() if rule is rules.DROP_RULE},
            readable={path for path, rule in candidates.items() if rule.may_be_read},
            owners=owners,
            read=read,
        )()
        restored = (
            Restoration(
                path=entry.path,
                size=entry.size,
                rule=candidates[entry.path].name,
                needed_by=needed[entry.path],
            )
            for entry in sorted(entries)
            if entry.path in needed
        )
        removals = (
            Removal(entry=entry, rule=candidates[entry.path].name)
            for entry in sorted(entries)
            if entry.path in candidates and entry.path not in needed
        )
        return PrunePlan(removals=tuple(removals), restored=tuple(restored))

    def _candidates(self, entries: Sequence[Entry], owners: Mapping[str, str]) -> dict[str, Rule]:
        """Match every path against the rules; the first rule that matches names it."""
        paths = [entry.path for entry in entries]
        found: dict[str, Rule] = dict.fromkeys(_match(self.drop, paths), rules.DROP_RULE)
        for rule in rules.RULES[self.profile]:
            for path in _match(rule.patterns, paths):
                if owners.get(path) not in rule.except_in:
                    found.setdefault(path, rule)
        protected = _match(rules.ALWAYS_KEPT, paths)
        if self.profile is not Profile.OFF:
            unwanted = rules.INSTALLERS - self.asked_for
            whole = {path for path in paths if owners.get(path) in unwanted}
            found |= dict.fromkeys(whole, rules.INSTALLERS_RULE)
            protected -= whole
        protected |= _match(self.keep, paths)
        protected |= _sourceless(found, frozenset(paths))
        return {path: rule for path, rule in found.items() if path not in protected}


def _match(patterns: Sequence[str], paths: Iterable[str]) -> set[str]:
    return set(pathspec.GitIgnoreSpec.from_lines(patterns).match_files(paths))


def _sourceless(found: Mapping[str, Rule], paths: frozenset[str]) -> set[str]:
    """Tell bytecode that is the module itself (no .py beside it) from a cache of one."""
    return {
        path
        for path, rule in found.items()
        if rule is rules.BYTECODE
        and "__pycache__" not in path
        and path.removesuffix("c").removesuffix("o") not in paths
    }
