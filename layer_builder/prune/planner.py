"""Decides what leaves the tree and what stays because of whom; never deletes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import InstalledFile, Layer, PrunePlan, PruneProfile, Removal, Restoration
from layer_builder.patterns import PathPatterns
from layer_builder.prune import rules
from layer_builder.prune.conditions import Surroundings
from layer_builder.prune.guard import Guard
from layer_builder.prune.rules import Rule
from layer_builder.prune.sdk import runtime_paths
from layer_builder.prune.services import select_services
from layer_builder.prune.source import ReadSource
from layer_builder.prune.taken import taken_warnings
from layer_builder.scans import Scan, scan_anew
from layer_builder.sdk_services import ServiceNeeds
from layer_builder.tree import Installation


def plan_pruning(  # noqa: PLR0913, PLR0917 (all that a plan rests on)
    layer: Layer,
    asked_for: frozenset[str],
    installation: Installation,
    read: ReadSource,
    needs: ServiceNeeds | None = None,
    scan: Scan = scan_anew,
) -> PrunePlan:
    """Plan what leaves a layer: by its rules, and of the AWS SDK what its `sdk:` leaves out.

    Args:
        layer: the layer with its settings.
        asked_for: distributions (normalised names) that its requirements name.
        installation: what was installed.
        read: gives the bytes of an installed file.
        needs: the AWS services that code outside of what was installed asks for.
        scan: remembers what was read out of contents.

    Raises InstallError and ManifestError for an `sdk:` that cannot be.
    """
    to_runtime = runtime_paths(layer.sdk, installation, layer.target)
    rules = PruneRules(profile=layer.prune, keep=layer.keep, drop=layer.drop, asked_for=asked_for)
    files = [file for file in installation.files if file.path not in to_runtime]
    owners = installation.owners
    plan = rules(files, owners, read)
    kept = plan.kept(files)
    sdk = select_services(layer.sdk, kept, owners, needs or ServiceNeeds(), read, scan)
    data = [file for file in kept if file.path in sdk.unwanted]
    return replace(
        plan.with_removals(Removal(entry=file, rule="sdk") for file in data),
        to_runtime=tuple(file for file in installation.files if file.path in to_runtime),
        warnings=(*sdk.warnings, *taken_warnings(plan, files, owners, layer.prune)),
        services=sdk.services,
    )


@dataclass(frozen=True, kw_only=True)
class PruneRules:
    """The rules of one layer; call it with the tree to get the plan."""

    profile: PruneProfile = PruneProfile.SAFE
    keep: tuple[str, ...] = ()
    """gitignore patterns that no rule removes."""
    drop: tuple[str, ...] = ()
    """gitignore patterns to remove besides the profile's."""
    asked_for: frozenset[str] = frozenset()
    """Distributions (normalised names) that the layer's requirements name."""

    def __call__(
        self, entries: Sequence[InstalledFile], owners: Mapping[str, str], read: ReadSource
    ) -> PrunePlan:
        """Plan the pruning of installed files.

        `owners` names the distribution (normalised) of each path. What kept code imports, or reads
        by a literal name, is kept, with the file and line that needs it.
        """
        candidates = self._candidates(entries, owners)
        needed = Guard(
            paths={entry.path for entry in entries},
            candidates=candidates,
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

    def _candidates(
        self, entries: Sequence[InstalledFile], owners: Mapping[str, str]
    ) -> dict[str, Rule]:
        """Match every path against the rules; the first rule that matches names it."""
        paths = [entry.path for entry in entries]
        around = Surroundings(sizes={entry.path: entry.size for entry in entries}, owners=owners)
        matched: dict[str, Rule] = dict.fromkeys(_match(self.drop, paths), rules.DROP_RULE)
        for rule in rules.RULES[self.profile]:
            found = _match(rule.patterns, paths)
            for path in rule.where(found, around) if rule.where else found:
                if owners.get(path) not in rule.except_in:
                    matched.setdefault(path, rule)
        protected = _match(rules.ALWAYS_KEPT, paths)
        if self.profile is not PruneProfile.OFF:
            unwanted = rules.INSTALLERS - self.asked_for
            whole = {path for path in paths if owners.get(path) in unwanted}
            matched |= dict.fromkeys(whole, rules.INSTALLERS_RULE)
            protected -= whole
        protected |= _match(self.keep, paths)
        protected |= _sourceless(matched, frozenset(paths))
        return {path: rule for path, rule in matched.items() if path not in protected}


def _match(patterns: Sequence[str], paths: Iterable[str]) -> set[str]:
    return set(PathPatterns(patterns).matching(paths))


def _sourceless(matched: Mapping[str, Rule], paths: frozenset[str]) -> set[str]:
    """Tell bytecode that is the module itself (no .py beside it) from a cache of one."""
    return {
        path
        for path, rule in matched.items()
        if rule is rules.BYTECODE
        and "__pycache__" not in path
        and path.removesuffix("c").removesuffix("o") not in paths
    }
