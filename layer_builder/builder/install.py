"""Installs a layer: packages, less what is pruned, with the workspace's files; ready to be proven."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property

from layer_builder.builder import checks
from layer_builder.builder.rewrite import REWRITES, rewrite
from layer_builder.bytecode import Ahead
from layer_builder.errors import Problem
from layer_builder.inventory import places_of
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import InstalledFile, Layer, Package, PrunePlan
from layer_builder.native import check_libraries
from layer_builder.prune import plan_pruning
from layer_builder.resolve import Installer, Resolved, check_closure
from layer_builder.scans import scan_anew
from layer_builder.timing import Clock
from layer_builder.tree import Installation, Tree


@dataclass(frozen=True, kw_only=True)
class InstalledTree:
    """What is in a tree now, and what is known of it."""

    tree: Tree
    layer: Layer
    asked_for: frozenset[str]
    """Distributions (normalised names) that its requirements name."""
    installation: Installation
    """As it was before anything was removed."""
    plan: PrunePlan
    kept: Sequence[InstalledFile]
    """What is in the tree now: what was not removed, and the workspace's files."""
    has_native: bool
    warnings: tuple[Problem, ...]
    included_bytes: int
    """Of the workspace's files."""
    wheels: Mapping[str, str] = field(default_factory=dict)
    """The sha256 of wheels, by the distributions' names, as far as it is known."""

    @cached_property
    def packages(self) -> tuple[Package, ...]:
        """Each distribution, and its bytes before and after pruning."""
        before = {file.path: file.size for file in self.installation.files}
        now = {file.path: file.size for file in self.kept}
        places = places_of({one.name: one.files for one in self.installation.distributions})
        return tuple(
            Package(
                name=one.name,
                version=one.version,
                bytes_installed=sum(before.get(path, 0) for path in one.files),
                bytes_kept=sum(now.get(path, 0) for path in one.files),
                places=places[one.name],
                wheel_sha256=self.wheels.get(one.name, ""),
            )
            for one in self.installation.distributions
        )

    def following(self, plan: PrunePlan) -> "InstalledTree":
        """Give it as it is after the tree was made to follow a plan."""
        self.reseal(plan)
        return replace(self, plan=plan, kept=self.tree.scan())

    def reseal(self, plan: PrunePlan) -> None:
        """Make the RECORDs true to a plan."""
        self.tree.seal(r.entry.path for r in plan.removals if r.rule in REWRITES)


def install(
    resolved: Resolved,
    tree: Tree,
    installer: Installer,
    clock: Clock,
    ahead: Ahead | None = None,
) -> InstalledTree:
    """Install what was resolved, leave out what is to go, add the workspace's files.

    `ahead` begins when all distributions are there, and nothing has gone yet. Raises InstallError for wheels that cannot load on the target, ManifestError for files that
    would overwrite one another.
    """
    request = resolved.request
    layer = request.layer
    scan = ahead.scan if ahead else scan_anew
    wheels: dict[str, str] = {}
    if resolved.own.pins:
        with clock.step("install"):
            check_closure(resolved, installer)
            wheels = installer.install(
                resolved.own, request.requirements, layer.target, tree.root, layer.build
            )
            if ahead:
                ahead.begin(tree)
    with clock.step("prune"):
        installation = tree.installation(layer.target.runtime)
        clock.weigh(sum(file.size for file in installation.files))
        asked_for = request.requirements.names
        plan = plan_pruning(layer, asked_for, installation, tree.read, resolved.needs, scan)
        tree.follow(plan)
        included = tree.include(request.files.files)
        tree.include_libraries(request.files.files)
    kept = plan.kept(installation.files)
    clock.weigh(sum(file.size for file in kept))
    with clock.step("check"):
        files, below = [*kept, *included], resolved.elsewhere.versions.keys()
        odd = checks.check_installation(installation, plan, files, layer, below)
        libraries, unloadable = check_libraries(
            tree, files, layer, installation.distributions, scan
        )
    rewritten = rewrite(tree, layer, kept, libraries, clock)
    return InstalledTree(
        tree=tree,
        layer=layer,
        asked_for=asked_for,
        installation=installation,
        plan=plan,
        kept=(),
        has_native=bool(libraries),
        warnings=(*unloadable, *odd, *plan.warnings),
        included_bytes=sum(file.source.stat().st_size for file in request.files.files),
        wheels=wheels,
    ).following(plan.with_removals(rewritten))


def install_unpruned(resolved: Resolved, tree: Tree, installer: Installer) -> None:
    """Install what was resolved with all that it brings, and the workspace's files.

    For a look at what pruning took: nothing of it is packed. Raises InstallError.
    """
    request = resolved.request
    if resolved.own.pins:
        installer.install(
            resolved.own, request.requirements, request.layer.target, tree.root, request.layer.build
        )
    tree.include(request.files.files)
