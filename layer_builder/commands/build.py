"""`build`: builds all layers, equal ones once; weighs them and the stacks."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from layer_builder.archive import OutputDir, zip_checksums
from layer_builder.builder import (
    BuildResult,
    LowerLayers,
    TakeUp,
    build_layers,
    problems_near_limits,
    problems_over_limits,
)
from layer_builder.commands import load
from layer_builder.commands.context import Context
from layer_builder.commands.functions import choose_stacks, prove_functions
from layer_builder.commands.plan import refuse_unknown_names, resolve
from layer_builder.console import Reporter
from layer_builder.errors import LimitError, ManifestError, Problem
from layer_builder.inputs import Command
from layer_builder.model import find_collisions, weigh_stack
from layer_builder.outcome import Outcome
from layer_builder.resolve import Resolved, group_layers
from layer_builder.stack_services import letters_about, read_beside


def build(outcome: Outcome, context: Context) -> None:
    """Build all layers, equal ones once; weigh them and the stacks; prove the functions."""
    output_dir = OutputDir(folder=Path(outcome.inputs.output_dir))
    builder = context.builder(output_dir)
    taken = _take_up(outcome, context, output_dir)
    with builder.scratch.folder() as folder:
        to_prove = choose_stacks(outcome, taken)
        kept = frozenset(layer.id for item in to_prove for layer in item.stack.layers)
        lower = LowerLayers(folder=folder, kept=kept)
        try:
            resolved = _resolve(outcome, context, taken)
            refuse_unknown_names(resolved, outcome)
            layers, stacks = outcome.layers, outcome.functions
            outcome.built = build_layers(resolved, taken, builder, layers, stacks, lower)
        finally:
            output_dir.sweep()
        _join_targets(outcome)
        _weigh(outcome, context.reporter)
        outcome.function_proofs = prove_functions(outcome, context, to_prove, resolved, lower)


def _join_targets(outcome: Outcome) -> None:
    """Make one release of a layer whose targets share a name; they must share the content too."""
    problems = []
    for name, members in outcome.by_name().items():
        targets = tuple(sorted(built.layer.target for built in members))
        names = dict.fromkeys(built.layer.delivery.parameter for built in members)
        parameters = tuple(filter(None, names))
        for built in members:
            joined = replace(built, targets=targets, parameters=parameters)
            outcome.built[built.layer.id] = joined
        if len({built.archive.sha256 for built in members}) > 1:
            problems.append(
                Problem(
                    message=f"its targets {', '.join(t.label for t in targets)} have one name on"
                    f" AWS, {name!r}, and not the same content",
                    layer=members[0].layer.key,
                    place=members[0].layer.place,
                    details=tuple(
                        f"{built.layer.target.label}: sha256 {built.archive.sha256}"
                        for built in members
                    ),
                    advice=('tell them apart: name: "{layer}-{python}-{architecture}"',),
                )
            )
    if problems:
        raise ManifestError(*problems)


def _take_up(outcome: Outcome, context: Context, output_dir: OutputDir) -> dict[str, BuildResult]:
    """Take up what `build` made in another job; runs no program but git."""
    inputs = outcome.inputs
    if inputs.command is not Command.PUBLISH or inputs.digests is None:
        return {}
    requests = load.requests(outcome, context.workspace, None, context.reporter)
    mine = [
        [request for request in group.requests if request.layer in outcome.layers]
        for group in group_layers(requests, outcome.ties)
    ]
    taking = TakeUp(
        digests=inputs.digests,
        output_dir=output_dir,
        require_isolation=inputs.require_isolation,
        reporter=context.reporter,
        is_tracked=context.workspace.tracks,
    )
    if not inputs.may_build:
        taking.refuse_strangers()
    return taking.take(mine, may_build=inputs.may_build)


def _resolve(
    outcome: Outcome, context: Context, taken: Mapping[str, BuildResult]
) -> dict[str, Resolved]:
    """Resolve the families of layers that are to be built."""
    if taken.keys() == {layer.id for layer in outcome.layers}:
        return {}
    requests = load.requests(outcome, context.workspace, context.installer, context.reporter)
    groups = [
        group
        for group in group_layers(requests, outcome.ties)
        if not taken.keys() & {request.layer.id for request in group.requests}
    ]
    resolved = resolve(groups, context, load.lock_of(outcome.inputs, context.workspace))
    resolved = read_beside(
        resolved, outcome.ties, context.installer, context.scratch, context.service_notes
    )
    for layer in outcome.layers:
        if layer.id in resolved:
            warnings, notices = letters_about(resolved[layer.id], outcome.ties)
            for warning in warnings:
                context.reporter.warn(warning)
            for notice in notices:
                context.reporter.notice(notice)
    return resolved


def _weigh(outcome: Outcome, reporter: Reporter) -> None:
    """Raise for every layer and stack over a limit; warn for those near one."""
    problems = [
        problem for built in outcome.built.values() for problem in problems_over_limits(built)
    ]
    outcome.stacks = [weigh_stack(item, outcome.built) for item in outcome.functions]
    problems += [problem for item in outcome.stacks if (problem := item.problem())]
    _refuse_collisions(outcome)
    for built in outcome.built.values():
        for warning in problems_near_limits(built):
            reporter.warn(warning)
    if problems:
        raise LimitError(*problems)


def _refuse_collisions(outcome: Outcome) -> None:
    stacks = [item for item in outcome.functions if len(item.layers) > 1]
    ids = {layer.id for item in stacks for layer in item.layers}
    contents = {layer_id: zip_checksums(outcome.built[layer_id].archive.path) for layer_id in ids}
    clashes = [problem for item in stacks for problem in find_collisions(item, contents)]
    if clashes:
        raise ManifestError(*clashes)
