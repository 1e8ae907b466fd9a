"""Fills a tree: install, prune, include, strip; what is in it then is ready to be proven."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from layer_builder.builder import accounting, checks
from layer_builder.builder import recompress as recompressing
from layer_builder.errors import InstallError, ManifestError, Problem
from layer_builder.model.build import Package
from layer_builder.model.layer import Layer
from layer_builder.model.prune_plan import InstalledFile, PrunePlan, Removal
from layer_builder.model.settings import Compression, SdkPolicy
from layer_builder.native import libraries
from layer_builder.native.compatibility import Wheel
from layer_builder.prune import sdk
from layer_builder.prune.planner import PruneRules
from layer_builder.resolve.resolver import Installer, Resolved
from layer_builder.sources.request import LayerRequest
from layer_builder.sources.requirements import Requirements
from layer_builder.timing import Clock
from layer_builder.tree import distributions
from layer_builder.tree.distributions import Distribution
from layer_builder.tree.tree import Tree


@dataclass(frozen=True, kw_only=True)
class InstalledTree:
    """What is in a tree now, and what is known of it."""

    tree: Tree
    layer: Layer
    plan: PrunePlan
    installed: Sequence[Distribution]
    before: Sequence[InstalledFile]
    """The installed files, before anything was removed."""
    owners: Mapping[str, str]
    """The distribution of each installed path."""
    to_runtime: frozenset[str]
    """The installed paths that are left to the runtime."""
    kept: Sequence[InstalledFile]
    """What is in the tree now: what was not removed, and the workspace's files."""
    has_native: bool
    warnings: tuple[Problem, ...]
    included_bytes: int

    @cached_property
    def packages(self) -> tuple[Package, ...]:
        """Each distribution, and its bytes before and after pruning."""
        return accounting.packages(self.installed, self.before, self.kept)

    def following(self, plan: PrunePlan) -> "InstalledTree":
        """Give it as it is after the tree was made to follow a plan."""
        self.reseal(plan)
        return replace(self, plan=plan, kept=self.tree.scan())

    def reseal(self, plan: PrunePlan) -> None:
        """Make the RECORDs true to a plan."""
        self.tree.seal(r.entry.path for r in plan.removals if r.rule in REWRITES)


REWRITES = frozenset({libraries.STRIP_RULE, recompressing.RULE})
"""Rules that give a file other contents instead of removing it."""


def install(resolved: Resolved, tree: Tree, installer: Installer, clock: Clock) -> InstalledTree:
    """Install what was resolved, leave out what is to go, add the workspace's files.

    Raises InstallError for wheels that cannot load on the target, ManifestError for files that
    would overwrite one another.
    """
    request = resolved.request
    layer, requirements = request.layer, request.requirements
    if resolved.own.pins:
        with clock.step("install"):
            installer.install(resolved.own, requirements, layer.target, tree.root, layer.build)
            tree.forget_host(layer.target.runtime)
    with clock.step("prune"):
        entries = tree.scan()
        installed = tree.distributions(entries)
        _refuse_built(installed, layer)
        owners = distributions.path_owners(installed)
        to_runtime = _leave_to_runtime(tree, installed, layer)
        here = [entry for entry in entries if entry.path not in to_runtime]
        plan = _plan(layer, requirements, here, owners, tree)
        removed = plan.removed_paths
        tree.exchange(removed)
        kept = [entry for entry in here if entry.path not in removed]
        included = _include(request, tree)
    with clock.step("check"):
        wheels = {
            path: Wheel(name=d.name, version=d.version, tags=d.tags)
            for d in installed
            for path in d.files
        }
        elves = libraries.scan_libraries(tree, [*kept, *included])
        warnings = libraries.check_compatibility(elves, layer, wheels)
        remaining = [d for d in installed if d.record not in to_runtime]
        elsewhere = resolved.elsewhere.versions.keys() | (
            sdk.SDK_DISTRIBUTIONS if to_runtime else set()
        )
        paths = [entry.path for entry in (*kept, *included)]
        warnings += checks.warnings(remaining, paths, layer.target, elsewhere=elsewhere)
        warnings += _services(layer, plan, owners, tree, kept)
    rewritten: list[Removal] = []
    if layer.strip:
        with clock.step("strip"):
            rewritten += libraries.strip_libraries(tree, elves)
    if layer.compression is Compression.BEST:
        with clock.step("recompress"):
            rewritten += recompressing.recompress(tree, kept)
    installed_tree = InstalledTree(
        tree=tree,
        layer=layer,
        plan=replace(plan, removals=(*plan.removals, *rewritten)),
        installed=installed,
        before=entries,
        owners=owners,
        to_runtime=to_runtime,
        kept=(),
        has_native=bool(elves),
        warnings=tuple(warnings),
        included_bytes=sum(file.source.stat().st_size for file in request.files.files),
    )
    return installed_tree.following(installed_tree.plan)


def _leave_to_runtime(
    tree: Tree, installed: Sequence[Distribution], layer: Layer
) -> frozenset[str]:
    """Set the SDK aside if the layer leaves it to the runtime; the proof still finds it."""
    if layer.sdk.policy is not SdkPolicy.RUNTIME:
        return frozenset()
    gone = frozenset(
        path for d in sdk.sdk_left_to_runtime(installed, layer.target) for path in d.files
    )
    tree.set_aside(gone)
    return gone


def _plan(
    layer: Layer,
    requirements: Requirements,
    entries: Sequence[InstalledFile],
    owners: Mapping[str, str],
    tree: Tree,
) -> PrunePlan:
    rules = PruneRules(
        profile=layer.prune, keep=layer.keep, drop=layer.drop, asked_for=requirements.names
    )
    plan = rules(entries, owners, tree.read)
    if layer.sdk.policy is not SdkPolicy.SERVICES:
        return plan
    unwanted = set(sdk.unwanted_service_data([entry.path for entry in entries], layer.sdk.services))
    removals = (
        Removal(entry=entry, rule="sdk")
        for entry in entries
        if entry.path in unwanted - plan.removed_paths
    )
    return replace(plan, removals=(*plan.removals, *removals))


def _include(request: LayerRequest, tree: Tree) -> list[InstalledFile]:
    """Copy the workspace's files that go below python/ into the tree."""
    found = []
    for file in request.files.files:
        inner = file.path.removeprefix("python/")
        if inner == file.path:
            continue
        destination = tree.root / inner
        if destination.exists() or (tree.attic / inner).exists():
            message = f"{file.source.name} would overwrite {file.path} of a distribution"
            raise ManifestError.because(message, advice=("give it another place with to:",))
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.source, destination)
        destination.chmod(0o755 if file.executable else 0o644)
        size = destination.stat().st_size
        found.append(InstalledFile(path=inner, size=size, executable=file.executable))
    return found


def _refuse_built(installed: Sequence[Distribution], layer: Layer) -> None:
    """Refuse what `build:` compiled: it has this machine's platform, not the target's."""
    for distribution in installed:
        if distribution.name in layer.build and not distribution.is_pure:
            raise InstallError.because(
                f"{distribution.name} {distribution.version} was built from its sdist and"
                " holds compiled code for this machine, not for the layer",
                advice=(
                    f"build a wheel of {distribution.name} for {layer.target.runtime} on"
                    f" {layer.target.architecture} and put it on an index",
                ),
            )


def _services(
    layer: Layer,
    plan: PrunePlan,
    owners: Mapping[str, str],
    tree: Tree,
    kept: Iterable[InstalledFile],
) -> list[Problem]:
    if layer.sdk.policy is not SdkPolicy.SERVICES:
        return []
    sources = {
        entry.path: tree.read(entry.path)
        for entry in kept
        if entry.path.endswith(".py") and owners.get(entry.path) not in sdk.SDK_DISTRIBUTIONS
    }
    left_out = {r.entry.path.split("/")[2] for r in plan.removals if r.rule == "sdk"}
    asked_for = sdk.requested_services(sources)
    return sdk.omitted_service_warnings(
        {*layer.sdk.services, *asked_for.keys() - left_out}, asked_for
    )
