"""Fills a tree: install, prune, prove, strip; gives the accounts of all that."""

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from layer_builder import checks, distributions, libraries, proof, proving, sdk
from layer_builder.clock import Clock
from layer_builder.distributions import Distribution
from layer_builder.errors import InstallError, ManifestError, Problem, ProofError
from layer_builder.layer import Account, Layer, Package
from layer_builder.native import Wheel
from layer_builder.order import Order
from layer_builder.proof import Depth, Proof
from layer_builder.proving import Bench, Prover
from layer_builder.pruning import Entry, PrunePlan, PruneRules, Removal, RuleTotal
from layer_builder.requirements import Requirements
from layer_builder.resolving import Installer, Resolved
from layer_builder.sdk import Policy
from layer_builder.target import Architecture, Target
from layer_builder.tree import Tree

FindProver = Callable[[Target], Prover | None]
"""Finds a Python that can import for a target; None where there is none."""


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What is in a tree now."""

    account: Account
    owners: Mapping[str, str]
    """The distribution of each installed path."""


@dataclass(frozen=True, kw_only=True)
class Filler:
    """Fills trees; see `fill`."""

    installer: Installer
    find_prover: FindProver
    workers: int = 1

    def fill(self, resolved: Resolved, tree: Tree, clock: Clock) -> Filled:
        """Install what was resolved, leave out what is to go, prove the rest, add the workspace's.

        Raises InstallError for wheels that cannot load on the target, ProofError for a pruning
        that cannot be mended, ManifestError for files that would overwrite one another.
        """
        order = resolved.order
        layer, requirements = order.layer, order.recipe.requirements
        included = sum(file.source.stat().st_size for file in order.files.files)
        if resolved.own.pins:
            with clock.step("install"):
                self.installer.install(
                    resolved.own, requirements, layer.target, tree.root, layer.build
                )
                tree.forget_host(layer.target.runtime)
        with clock.step("prune"):
            entries = tree.scan()
            installed = tree.distributions(entries)
            _refuse_built(installed, layer)
            owners = distributions.owners(installed)
            to_runtime = _leave_to_runtime(tree, installed, layer)
            here = [entry for entry in entries if entry.path not in to_runtime]
            plan = _plan(layer, requirements, here, owners, tree)
            tree.exchange(plan.removed_paths)
            _include(order, tree)
        with clock.step("check"):
            wheels = {
                path: Wheel(name=d.name, version=d.version, tags=d.tags)
                for d in installed
                for path in d.files
            }
            elves = libraries.scan(tree)
            warnings = libraries.judge(elves, layer, wheels)
            remaining = [d for d in installed if d.record not in to_runtime]
            elsewhere = resolved.elsewhere.versions.keys() | (sdk.FAMILY if to_runtime else set())
            paths = [entry.path for entry in tree.scan()]
            warnings += checks.warnings(remaining, paths, layer.target, elsewhere=elsewhere)
            warnings += _services(layer, plan, owners, tree)
        if layer.strip:
            with clock.step("strip"):
                plan = replace(plan, removals=(*plan.removals, *libraries.strip(tree, elves)))
        with clock.step("prove"):
            found, plan, unproven = self._prove(tree, plan, owners, layer, has_native=bool(elves))
            warnings += unproven
        tree.update_records(
            {
                r.entry.path: tree.read(r.entry.path)
                for r in plan.removals
                if r.rule == libraries.STRIP
            }
        )
        tree.seal()
        account = Account(
            packages=_packages(installed, entries, tree.scan()),
            pruned=_totals(plan, to_runtime, entries),
            restored=plan.restored,
            held_back=resolved.own.held_back,
            proof=replace(found, seconds=clock.seconds["prove"]) if found else None,
            warnings=tuple(replace(w, layer=layer.key, place=layer.place) for w in warnings),
            included_bytes=included,
        )
        return Filled(account=account, owners=owners)

    def _prover_for(self, target: Target, *, has_native: bool) -> Prover | None:
        """Find a Python for the target; pure Python is the same on either architecture."""
        found = self.find_prover(target)
        if found or has_native:
            return found
        others = (replace(target, architecture=architecture) for architecture in Architecture)
        return next(filter(None, map(self.find_prover, others)), None)

    def _prove(
        self,
        tree: Tree,
        plan: PrunePlan,
        owners: Mapping[str, str],
        layer: Layer,
        *,
        has_native: bool,
    ) -> tuple[Proof | None, PrunePlan, list[Problem]]:
        paths = [entry.path for entry in tree.scan() if entry.path in owners]
        asked = [reference.text for reference in layer.imports]
        names = proof.modules_to_prove(paths, layer.proof, tree.entry_points(), asked)
        if layer.proof is Depth.OFF or not (paths or asked):
            return None, plan, []
        if not names:
            return Proof(depth=layer.proof, static=True), plan, []
        prover = self._prover_for(layer.target, has_native=has_native)
        if prover is None:
            unproven = Problem(
                message=f"no {layer.target.runtime} for {layer.target.architecture} on this machine:"
                " checked from its files only, nothing was imported",
                advice=(
                    f"run on {layer.target.architecture} with python{layer.target.python} on PATH"
                    " (in a workflow: actions/setup-python), or say proof: static",
                ),
            )
            return Proof(depth=layer.proof, static=True), plan, [unproven]
        bench = Bench(
            tree=tree,
            prover=prover,
            cache=tree.bytecode,
            others=(tree.aside,) if tree.aside.exists() else (),
            workers=self.workers,
        )
        with tree.merged():
            result = proving.prove(bench, plan, owners, names, layer.proof)
        return result.proof, result.plan, _broken_anyway(result, layer)


def _leave_to_runtime(
    tree: Tree, installed: Sequence[Distribution], layer: Layer
) -> frozenset[str]:
    """Set the SDK aside if the layer leaves it to the runtime; the proof still finds it."""
    if layer.sdk.policy is not Policy.RUNTIME:
        return frozenset()
    gone = frozenset(path for d in sdk.left_to_runtime(installed, layer.target) for path in d.files)
    tree.set_aside(gone)
    return gone


def _plan(
    layer: Layer,
    requirements: Requirements,
    entries: Sequence[Entry],
    owners: Mapping[str, str],
    tree: Tree,
) -> PrunePlan:
    rules = PruneRules(
        profile=layer.prune, keep=layer.keep, drop=layer.drop, asked_for=requirements.names
    )
    plan = rules(entries, owners, tree.read)
    if layer.sdk.policy is not Policy.SERVICES:
        return plan
    unwanted = set(sdk.unwanted_data([entry.path for entry in entries], layer.sdk.services))
    removals = (
        Removal(entry=entry, rule="sdk")
        for entry in entries
        if entry.path in unwanted - plan.removed_paths
    )
    return replace(plan, removals=(*plan.removals, *removals))


def _include(order: Order, tree: Tree) -> None:
    """Copy the workspace's files that go below python/ into the tree."""
    for file in order.files.files:
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
    layer: Layer, plan: PrunePlan, owners: Mapping[str, str], tree: Tree
) -> list[Problem]:
    if layer.sdk.policy is not Policy.SERVICES:
        return []
    sources = {
        entry.path: tree.read(entry.path)
        for entry in tree.scan()
        if entry.path.endswith(".py") and owners.get(entry.path) not in sdk.FAMILY
    }
    left_out = {r.entry.path.split("/")[2] for r in plan.removals if r.rule == "sdk"}
    asked_for = sdk.services_asked_for(sources)
    return sdk.omitted({*layer.sdk.services, *asked_for.keys() - left_out}, asked_for)


def _broken_anyway(result: proving.Result, layer: Layer) -> list[Problem]:
    """Sort out what imports neither pruned nor unpruned: what was asked for is an error."""
    asked = {reference.text: reference.place for reference in layer.imports}
    failed = [name for name in asked if name in result.broken_anyway]
    if failed:
        raise ProofError(
            *(
                Problem(
                    message=f"imports: {name} does not import, pruned or not",
                    place=asked[name],
                    details=tuple(result.broken_anyway[name].error.strip().splitlines()[-4:]),
                )
                for name in failed
            )
        )
    return [
        Problem(
            message=f"import {name} fails, pruned or not",
            details=tuple(attempt.error.strip().splitlines()[-1:]),
        )
        for name, attempt in result.broken_anyway.items()
        if "." not in name and ":" not in name
    ]


def _totals(
    plan: PrunePlan, to_runtime: frozenset[str], entries: Sequence[Entry]
) -> tuple[RuleTotal, ...]:
    if not to_runtime:
        return plan.totals
    sizes = [entry.size for entry in entries if entry.path in to_runtime]
    return (RuleTotal(rule="sdk", files=len(sizes), bytes=sum(sizes)), *plan.totals)


def _packages(
    installed: Sequence[Distribution], before: Sequence[Entry], after: Sequence[Entry]
) -> tuple[Package, ...]:
    old = {entry.path: entry.size for entry in before}
    new = {entry.path: entry.size for entry in after}

    def total(sizes: Mapping[str, int], paths: Sequence[str]) -> int:
        return sum(sizes.get(path, 0) for path in paths)

    return tuple(
        Package(
            name=distribution.name,
            version=distribution.version,
            bytes_installed=total(old, distribution.files),
            bytes_kept=total(new, distribution.files),
        )
        for distribution in installed
    )
