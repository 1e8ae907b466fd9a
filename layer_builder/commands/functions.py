"""Proves the functions of a run, with the layers that it built."""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from layer_builder.builder import BuildResult, LowerLayers, install_unpruned
from layer_builder.commands import load
from layer_builder.commands.context import Context
from layer_builder.errors import Problem, ProofError
from layer_builder.functions import (
    FunctionProofs,
    StackToProve,
    evidence_of,
    stacks_to_prove,
)
from layer_builder.identity import ProvenStack
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import FunctionProof, Stack, Target
from layer_builder.outcome import Outcome
from layer_builder.resolve import Resolved
from layer_builder.runtime import LayerTree
from layer_builder.sdk_services import ServiceNeeds
from layer_builder.sources import Requirements
from layer_builder.stack_services import lost_services
from layer_builder.tree import Tree


def choose_stacks(outcome: Outcome, taken: Mapping[str, BuildResult]) -> list[StackToProve]:
    """Choose what is proven: what has a layer that this run builds.

    Where all zips are taken up by their digests nothing is run: `build` proved them. Nor where all
    layers are known: the run that published them proved it.
    """
    return [
        item
        for item in stacks_to_prove(outcome.layers, outcome.functions, outcome.ties)
        if any(
            layer.id not in taken and layer.id not in outcome.known for layer in item.stack.layers
        )
    ]


@dataclass(frozen=True, kw_only=True)
class Proving:
    """The functions that a run proves, and the layers that it built for them."""

    stacks: Sequence[StackToProve]
    resolved: Mapping[str, Resolved]
    """By layer id."""
    lower: LowerLayers
    rebuild: Callable[[Mapping[str, ServiceNeeds]], Collection[str]]
    """Builds layers anew, with the data of more services; gives the ids of all that changed."""


def prove_functions(outcome: Outcome, context: Context, proving: Proving) -> list[FunctionProof]:
    """Prove them; raises ProofError with all that is wrong with them.

    A layer with `sdk: auto` that lacks the data of a service which a function was seen to ask for
    is built anew with it, and its functions are tried again.
    """
    proofs = _proofs(outcome, context, proving.resolved, proving.lower)
    found: dict[str, FunctionProof] = {}
    errors: dict[str, tuple[Problem, ...]] = {}
    waiting = proving.stacks
    while waiting:
        attempt = proofs.prove(waiting)
        found |= {proof.function: proof for proof in attempt.proofs}
        errors |= attempt.errors
        asked = lost_services((o.stack for o in waiting), attempt.lost, proving.resolved)
        if not asked:
            break
        for key, needs in asked.items():
            uses = ", ".join(f"{use.service} ({use.place})" for use in needs.uses)
            title = proving.resolved[key].request.layer.title
            context.reporter.step(title, f"built anew, with the data that functions missed: {uses}")
        changed = proving.rebuild(asked)
        waiting = [o for o in proving.stacks if {one.id for one in o.stack.layers} & set(changed)]
        for item in waiting:
            key = item.stack.key
            outcome.unproven.discard(key)
            errors.pop(key, None)
            found.pop(key, None)
    if errors:
        raise ProofError(*dict.fromkeys(chain(*errors.values())))
    return [found[o.stack.key] for o in proving.stacks if o.stack.key in found]


def _proofs(
    outcome: Outcome, context: Context, resolved: Mapping[str, Resolved], lower: LowerLayers
) -> FunctionProofs:
    manifest = Path(outcome.inputs.manifest).parent

    def content_of(layer_id: str) -> str:
        item = resolved.get(layer_id)
        # Where what functions load decides the zip's bytecode, that is no part of what they rest on.
        if item and item.request.loaded_by:
            return item.content_key
        return outcome.built[layer_id].archive.sha256

    def tree_of(layer_id: str) -> LayerTree:
        tree, archive = lower.of_layer(layer_id), outcome.built[layer_id].archive
        return LayerTree(python=tree.root, bytecode=tree.bytecode, archive=archive.path)

    def install_whole(layer_id: str, folder: Path) -> Path | None:
        if layer_id not in resolved:
            return None
        folder.mkdir()
        tree = Tree.below(folder)
        install_unpruned(resolved[layer_id], tree, context.installer)
        return tree.root

    def install_sdk(target: Target, folder: Path) -> Path:
        wanted = Requirements(lines=("boto3",))
        chosen = context.installer.resolve(wanted, target)
        context.installer.install(chosen, wanted, target, folder / "python")
        version = chosen.versions["boto3"]
        text = f"boto3 {version} from the index stands in for the one that {target.runtime} brings"
        context.reporter.step("functions", text)
        return folder / "python"

    def install_tools(stack: Stack, folder: Path) -> Path:
        asked = _tools(stack, outcome, context, resolved)
        chosen = context.installer.resolve(asked, stack.target)
        context.installer.install(chosen, asked, stack.target, folder / "python")
        return folder / "python"

    return FunctionProofs(
        folder=lower.folder,
        workspace=context.workspace,
        shown=lambda path: os.path.normpath(manifest / context.workspace.relative(path)),
        find_prover=context.find_prover,
        reporter=context.reporter,
        notes=context.function_notes,
        content_of=content_of,
        tree_of=tree_of,
        files_of=lambda layer_id: resolved[layer_id].request.files.files if layer_id in resolved else (),
        install_unpruned=install_whole,
        install_sdk=install_sdk,
        install_tools=install_tools,
        workers=context.workers,
        layers=[layer for layer in outcome.layers if layer.id in outcome.built],
        unproven=outcome.unproven,
        untried=outcome.untried,
    )  # fmt: skip


def loaded_files(outcome: Outcome) -> dict[str, frozenset[str]]:
    """Tell what functions loaded of layers, as paths below /opt; of those whose functions were all tried."""
    loaded = {proof.function: proof.loaded for proof in outcome.function_proofs if proof.handler}
    found = {}
    for layer in outcome.layers:
        having = [stack.key for stack in outcome.functions if layer in stack.layers]
        if having and loaded.keys() >= set(having):
            found[layer.id] = frozenset(path for key in having for path in loaded[key])
    return found


def proven_stacks(
    outcome: Outcome, context: Context, resolved: Mapping[str, Resolved]
) -> list[ProvenStack]:
    """List all functions, and the layers of which own code is proven, with what proves them.

    Of a stack whose layers are not all resolved nothing is said. Runs uv alone, where a
    test-command requires something.
    """
    alone = [
        item.stack
        for item in stacks_to_prove(outcome.layers, outcome.functions, outcome.ties)
        if item.stack not in outcome.functions
    ]

    def evidence(stack: Stack) -> list[object]:
        test, tools = stack.settings.test, ""
        if test and test.requires:
            asked = _tools(stack, outcome, context, resolved)
            tools = context.installer.resolve(asked, stack.target).text
        return evidence_of(stack, context.workspace, tools)

    return [
        ProvenStack(stack=stack, evidence=evidence(stack))
        for stack in (*outcome.functions, *alone)
        if all(layer.id in resolved for layer in stack.layers)
    ]


def _tools(
    stack: Stack, outcome: Outcome, context: Context, resolved: Mapping[str, Resolved]
) -> Requirements:
    """Say what a test-command requires, at the versions of the layers it runs on."""
    asked = load.test_requirements(stack, outcome.inputs, context.workspace)
    pins = {str(pin).partition(" ")[0] for o in stack.layers if o.id in resolved
            for pin in resolved[o.id].own.pins}  # fmt: skip
    own = (one for o in stack.layers if o.id in resolved
           for one in resolved[o.id].request.requirements.direct)  # fmt: skip
    return replace(
        asked,
        constraints=(*asked.constraints, *sorted(pins)),
        direct=tuple(dict.fromkeys((*asked.direct, *own))),
    )
