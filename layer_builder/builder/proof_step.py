"""Proves an installed tree with the Python of its target, on top of the layers below."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from layer_builder.builder.install import InstalledTree
from layer_builder.bytecode import CompiledSources
from layer_builder.errors import Place, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import InstalledFile, Layer, Proof, ProofDepth
from layer_builder.native import base_libraries
from layer_builder.prove import (
    Asked,
    FindProver,
    ProofResult,
    ProofSetup,
    first_imports,
    modules_to_prove,
    own_modules,
    prove_tree,
    prover_for,
    refuse_broken,
)
from layer_builder.timing import Clock
from layer_builder.tree import Tree

# `Requires-Dist: name[…] …; extra == "fast"`: https://packaging.python.org/en/latest/specifications/dependency-specifiers/
_EXTRA = re.compile(r"extra\s*==\s*['\"]([A-Za-z0-9._-]+)['\"]")
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


@dataclass(frozen=True, kw_only=True)
class LowerLayer:
    """A proven layer that others stand on."""

    root: Path
    """What it has below python/."""
    bytecode: tuple[Path, ...]
    """What was compiled before its proof: not what imports wrote, which could be of other code."""

    def lend_libraries(self, tree: Tree) -> None:
        """Have its /opt/lib be that of a tree above, which goes first."""
        for path in (self.root.parent / "lib").glob("*"):
            tree.libraries.mkdir(exist_ok=True)
            if not (tree.libraries / path.name).exists():
                (tree.libraries / path.name).hardlink_to(path)

    @classmethod
    def left_by(cls, tree: Tree, folder: Path) -> "LowerLayer":
        """Move a proven tree to a new folder, for the layers above."""
        folder.mkdir()
        if tree.libraries.is_dir():
            tree.libraries.rename(folder / "lib")
        compiled = [tree.compiled.rename(folder / "compiled")] if tree.compiled.is_dir() else []
        return cls(root=tree.root.rename(folder / "python"), bytecode=tuple(compiled))


def prove(  # noqa: PLR0913, PLR0917 (what it waits for)
    installed: InstalledTree,
    find_prover: FindProver,
    below: Callable[[], Sequence[LowerLayer]],
    wait_for_zip: Callable[[], object],
    clock: Clock,
    compiled: Callable[[], CompiledSources | None] = lambda: None,
) -> ProofResult:
    """Import the modules of a layer on top of those below; mend the plan where that shows a need.

    `below`, `wait_for_zip` and `compiled` are called when their time comes: the first waits for the
    layers below, the second until nobody reads the tree, the third for bytecode. Raises ProofError for a pruning that cannot be
    mended.
    """
    layer, tree = installed.layer, installed.tree
    owners = installed.installation.owners
    paths = [file.path for file in installed.kept if file.path in owners]
    asked = {reference.text: reference.place for reference in layer.imports}
    names = modules_to_prove(paths, layer.proof, tree.entry_points(), list(asked))
    if layer.proof is ProofDepth.OFF or not (paths or asked):
        return ProofResult(proof=None, plan=installed.plan)
    static = ProofResult(proof=Proof(depth=layer.proof, static=True), plan=installed.plan)
    if not names:
        return static
    prover = prover_for(layer, find_prover, any_architecture=not installed.has_native)
    if prover is None:
        lacking = Proof(depth=layer.proof, static=True, without_python=True)
        return replace(static, proof=lacking, warnings=(_unproven(layer),))
    first = first_imports(names, asked)
    own = own_modules(names, owners, installed.asked_for)
    lower_layers = below()
    for lower in reversed(lower_layers):
        lower.lend_libraries(tree)
    with clock.step("prove"), tree.merged([lower.root for lower in lower_layers]):
        ahead = compiled()
        caches = (tree.bytecode, *([ahead.folder] if ahead else ()))
        setup = ProofSetup(
            tree=tree,
            prover=prover,
            caches=(*caches, *(one for lower in reversed(lower_layers) for one in lower.bytecode)),
            others=(tree.aside,) if tree.aside.exists() else (),
            first_imports=first,
            alone=list(own.values()),
            weights=_weights(installed.kept),
            wait_for_zip=wait_for_zip,
            reseal=installed.reseal,
            asked=asked,
        )
        result = prove_tree(setup, installed.plan, owners, names, layer.proof)
    if result.proof:
        imported = frozenset(result.proof.imported)
        refuse_broken(_asked(installed), own, imported, result.failed_before, owners)
    proof = result.proof and replace(result.proof, seconds=clock.seconds["prove"])
    open_ways = () if proof is None or proof.is_isolated else (_unisolated(proof, prover.leave),)
    return replace(result, proof=proof, warnings=(*open_ways, *result.warnings))


def _asked(installed: InstalledTree) -> Asked:
    places: dict[str, Place] = {}
    for reference in installed.layer.packages:
        with suppress(InvalidRequirement):
            name = str(canonicalize_name(Requirement(reference.text).name))
            places[name] = reference.place
    extras: dict[str, str] = {}
    for one in installed.installation.distributions:
        for text in one.requires:
            if extra := _EXTRA.search(text):
                needed = _NAME.match(text)
                name = str(canonicalize_name(needed[0])) if needed else ""
                extras.setdefault(name, f"{one.name}[{extra[1]}]")
    return Asked(
        places=places,
        allowed=frozenset(reference.text for reference in installed.layer.allow_failing),
        extras=extras,
        libraries=base_libraries(installed.layer.target),
    )


def _weights(files: Sequence[InstalledFile]) -> dict[str, int]:
    """Add up the bytes of source below each top-level name."""
    weights: dict[str, int] = {}
    for file in files:
        if file.path.endswith(".py"):
            name = file.path.partition("/")[0].removesuffix(".py")
            weights[name] = weights.get(name, 0) + file.size
    return weights


def _unisolated(proof: Proof, leave: str) -> Problem:
    kept = ", ".join(proof.isolated) or "nothing"
    return Problem(
        message=f"proven without isolation, as was allowed: imports were kept from {kept}",
        details=(
            f"what allows it: {leave}",
            "they could reach the credentials, files and network of this job, and what it builds",
        ),
        advice=("build in a job without credentials, or on a runner that isolates",),
    )


def _unproven(layer: Layer) -> Problem:
    return Problem(
        message=f"no {layer.target.runtime} for {layer.target.architecture} on this machine:"
        " checked from its files only, nothing was imported",
        advice=(
            f"run on {layer.target.architecture} with python{layer.target.python} on PATH"
            " (in a workflow: actions/setup-python), or say proof: static",
        ),
    )
