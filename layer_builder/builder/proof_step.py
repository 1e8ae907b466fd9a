"""Brings the evidence that a filled tree imports, with the Python of its target."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from layer_builder.builder.install import InstalledTree
from layer_builder.errors import Problem, ProofError
from layer_builder.model.layer import Layer
from layer_builder.model.proof import Proof
from layer_builder.model.prune_plan import PrunePlan
from layer_builder.model.settings import ProofDepth
from layer_builder.prove import differential, selection
from layer_builder.prove.differential import ProofSetup
from layer_builder.prove.prover import FindProver, prover_for
from layer_builder.timing import Clock


@dataclass(frozen=True, kw_only=True)
class LowerLayer:
    """A proven layer that others stand on."""

    root: Path
    """What it has below python/."""
    bytecode: Path
    """What its proof compiled."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The proof, the plan as it is after what was put back, and what else was seen."""

    proof: Proof | None
    """None where there was nothing to prove, or nobody wanted it."""
    plan: PrunePlan
    warnings: tuple[Problem, ...] = ()


def prove(
    installed_tree: InstalledTree,
    find_prover: FindProver,
    below: Callable[[], Sequence[LowerLayer]],
    wait_for_zip: Callable[[], object],
    clock: Clock,
) -> Evidence:
    """Import the modules of a layer on top of those below; mend the plan where that shows a need.

    `below` and `settle` are called when their time comes: the first waits for the layers below, the
    second until nobody reads the tree. Raises ProofError for a pruning that cannot be mended.
    """
    layer, tree = installed_tree.layer, installed_tree.tree
    paths = [entry.path for entry in installed_tree.kept if entry.path in installed_tree.owners]
    asked = [reference.text for reference in layer.imports]
    names = selection.modules_to_prove(paths, layer.proof, tree.entry_points(), asked)
    if layer.proof is ProofDepth.OFF or not (paths or asked):
        return Evidence(proof=None, plan=installed_tree.plan)
    if not names:
        return Evidence(proof=Proof(depth=layer.proof, static=True), plan=installed_tree.plan)
    prover = prover_for(layer.target, find_prover, any_architecture=not installed_tree.has_native)
    if prover is None:
        return Evidence(
            proof=Proof(depth=layer.proof, static=True),
            plan=installed_tree.plan,
            warnings=(_unproven(layer),),
        )
    lower_layers = below()
    with clock.step("prove"), tree.merged([lower.root for lower in lower_layers]):
        bench = ProofSetup(
            tree=tree,
            prover=prover,
            caches=(tree.bytecode, *(lower.bytecode for lower in reversed(lower_layers))),
            others=(tree.aside,) if tree.aside.exists() else (),
            starts=selection.starts(names, asked),
            weights=_weights(installed_tree),
            wait_for_zip=wait_for_zip,
            reseal=installed_tree.reseal,
        )
        result = differential.prove(
            bench, installed_tree.plan, installed_tree.owners, names, layer.proof
        )
    return Evidence(
        proof=replace(result.proof, seconds=clock.seconds["prove"]),
        plan=result.plan,
        warnings=tuple(_broken_anyway(result, layer)),
    )


def _weights(installed_tree: InstalledTree) -> dict[str, int]:
    """Add up the bytes of source below each top-level name."""
    found: dict[str, int] = {}
    for entry in installed_tree.kept:
        if entry.path.endswith(".py"):
            name = entry.path.partition("/")[0].removesuffix(".py")
            found[name] = found.get(name, 0) + entry.size
    return found


def _unproven(layer: Layer) -> Problem:
    return Problem(
        message=f"no {layer.target.runtime} for {layer.target.architecture} on this machine:"
        " checked from its files only, nothing was imported",
        advice=(
            f"run on {layer.target.architecture} with python{layer.target.python} on PATH"
            " (in a workflow: actions/setup-python), or say proof: static",
        ),
    )


def _broken_anyway(result: differential.Result, layer: Layer) -> list[Problem]:
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
