"""`build`: builds all layers, equal ones once; weighs them and the stacks."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from layer_builder.advice import Adviser, TwinScale, advice_for, advice_lines, near_limits
from layer_builder.archive import OutputDir
from layer_builder.builder import (
    BuildResult,
    LowerLayers,
    TakeUp,
    build_layers,
    problems_near_limits,
)
from layer_builder.commands import load
from layer_builder.commands.context import Context
from layer_builder.commands.functions import Proving, choose_stacks, loaded_files, prove_functions
from layer_builder.commands.plan import refuse_unknown_names, resolve
from layer_builder.errors import LayerBuilderError
from layer_builder.identity import Marks, ProvenStack, resolved_contents, taken_up_content
from layer_builder.inputs import Command
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import (
    Advice,
    Sdk,
    SdkPolicy,
    Stack,
)
from layer_builder.outcome import Outcome
from layer_builder.resolve import LayerGroup, Resolved, group_layers
from layer_builder.sdk_services import ServiceNeeds
from layer_builder.sources import collect_files
from layer_builder.stack_services import letters_about, read_beside
from layer_builder.weighing import join_targets, weigh


@dataclass(frozen=True, kw_only=True)
class AskedLayers:
    """What the layers of a run ask for; no index was asked yet."""

    taken: Mapping[str, BuildResult]
    """By layer id: zips of another job."""
    groups: Sequence[LayerGroup] = ()
    """Families of all other layers."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """What a run may have to build: its layers, resolved or taken up."""

    taken: Mapping[str, BuildResult]
    """By layer id: zips of another job."""
    resolved: Mapping[str, Resolved]
    """By layer id."""

    def marks(self, outcome: Outcome, stacks: Sequence[ProvenStack]) -> Marks:
        """Say what the stamps of the run's layers are made from."""
        contents = resolved_contents(self.resolved, outcome.ties) | {
            layer_id: taken_up_content(result.record.request, result.archive.sha256)
            for layer_id, result in self.taken.items()
        }
        return Marks(layers=outcome.layers, contents=contents, stacks=stacks, ties=outcome.ties)


def read_asked(outcome: Outcome, context: Context) -> AskedLayers:
    """Take up what another job built, and read what all other layers ask for. Raises ManifestError."""
    taken = _take_up(outcome, context, OutputDir(folder=Path(outcome.inputs.output_dir)))
    if taken.keys() == {layer.id for layer in outcome.layers}:
        return AskedLayers(taken=taken)
    requests = load.requests(outcome, context.workspace, context.installer, context.reporter)
    groups = [
        group
        for group in group_layers(requests, outcome.ties)
        if not taken.keys() & {request.layer.id for request in group.requests}
    ]
    return AskedLayers(taken=taken, groups=groups)


def prepare(asked: AskedLayers, outcome: Outcome, context: Context) -> Work:
    """Resolve what is to be built; installs nothing."""
    lock = load.lock_of(outcome.inputs, context.workspace) if asked.groups else None
    resolved = resolve(asked.groups, context, lock)
    refuse_unknown_names(resolved, outcome)
    return Work(taken=asked.taken, resolved=resolved)


def build(outcome: Outcome, context: Context, work: Work | None = None) -> None:
    """Build all layers but those that are known, equal ones once; weigh them; prove the functions."""
    work = work or prepare(read_asked(outcome, context), outcome, context)
    layers = [layer for layer in outcome.layers if layer.id not in outcome.known]
    if not layers:
        return
    stacks = [
        stack
        for stack in outcome.functions
        if not any(layer.id in outcome.known for layer in stack.layers)
    ]
    output_dir = OutputDir(folder=Path(outcome.inputs.output_dir))
    builder = replace(context.builder(output_dir), done=outcome.finished.__setitem__)
    with builder.scratch.folder() as folder, ThreadPoolExecutor(max_workers=1) as seeking:
        to_prove = choose_stacks(outcome, work.taken)
        for target in dict.fromkeys(item.stack.target for item in to_prove):
            # It starts a process or two, and functions wait for it even where no layer is built.
            seeking.submit(context.find_prover, target)
        kept = frozenset(layer.id for item in to_prove for layer in item.stack.layers)
        lower = LowerLayers(folder=folder, kept=kept)
        try:
            resolved = _with_services(outcome, context, work)
            builds = build_layers(resolved, work.taken, builder, layers, stacks, lower)
            outcome.built = builds.built()
            join_targets(outcome)
            with ThreadPoolExecutor(max_workers=1) as pool:

                def advise() -> Future[dict[str, list[Advice]]]:
                    return pool.submit(_advise, outcome, context, resolved, lower)

                advising = advise()

                def rebuild(services: Mapping[str, ServiceNeeds]) -> Collection[str]:
                    nonlocal advising
                    advising.result()
                    changed = builds.rebuild(services)
                    outcome.built |= changed
                    join_targets(outcome)
                    advising = advise()
                    weigh(outcome, stacks, advising)
                    return changed.keys()

                weigh(outcome, stacks, advising)
                proving = Proving(stacks=to_prove, resolved=resolved, lower=lower, rebuild=rebuild)
                outcome.function_proofs = prove_functions(outcome, context, proving)
                outcome.advice = advising.result()
            if builds.undecided:
                outcome.built |= builds.decide(loaded_files(outcome))
                join_targets(outcome)
                weigh(outcome, stacks, advising)
            _advise_on_unused(outcome, context, resolved, lower)
            _tell_advice(outcome, context)
        finally:
            output_dir.sweep()
        for built in outcome.built.values():
            for warning in problems_near_limits(built):
                context.reporter.warn(warning)


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


def _with_services(outcome: Outcome, context: Context, work: Work) -> dict[str, Resolved]:
    """Add what distributions ask of the AWS SDK, and tell of it; of those that are to be built."""
    unknown = {one: item for one, item in work.resolved.items() if one not in outcome.known}
    resolved = read_beside(
        unknown, outcome.ties, context.installer, context.scratch, context.service_notes
    )
    for layer in outcome.layers:
        if layer.id in resolved:
            warnings, notices = letters_about(resolved[layer.id], outcome.ties)
            for warning in warnings:
                context.reporter.warn(warning)
            for notice in notices:
                context.reporter.notice(notice)
    return resolved


def _adviser(
    outcome: Outcome,
    context: Context,
    lower: LowerLayers,
    near: frozenset[str] = frozenset(),
    needs: Mapping[str, ServiceNeeds] = MappingProxyType({}),
) -> Adviser:
    return Adviser(
        installer=context.installer,
        scale=TwinScale(wheels=context.wheels),
        scratch=context.scratch,
        notes=context.advice_notes,
        root_of=lambda layer_id: lower.of_layer(layer_id).root,
        digest_of=lambda layer_id: outcome.built[layer_id].archive.sha256,
        needs=needs,
        near=near,
        today=context.today().date(),
        workers=context.workers,
    )


def _advise(
    outcome: Outcome, context: Context, resolved: Mapping[str, Resolved], lower: LowerLayers
) -> dict[str, list[Advice]]:
    """Try what would make the layers smaller; a build does not fail for want of advice."""
    try:
        near = near_limits(outcome.built, outcome.functions)
        if context.is_verbose:
            near = frozenset(outcome.built)
        needs = _needs_if_auto(outcome, context, resolved, near)
        adviser = _adviser(outcome, context, lower, near, needs)
        return adviser.advise(outcome.built, resolved, outcome.functions)
    except (LayerBuilderError, OSError) as error:
        context.reporter.step("advice", f"not measured: {error}")
        return {}


def _advise_on_unused(
    outcome: Outcome, context: Context, resolved: Mapping[str, Resolved], lower: LowerLayers
) -> None:
    """Add what no function loads, when all were tried."""

    def code_of(stack: Stack) -> list[Path]:
        files = collect_files(context.workspace, stack.settings.code, ()).files
        return [file.source for file in files]

    try:
        adviser = _adviser(outcome, context, lower)
        for layer_id, built in outcome.built.items():
            if layer_id in resolved:
                item, proofs = resolved[layer_id], outcome.function_proofs
                found = adviser.unused(built, item, outcome.functions, proofs, code_of)
                advice = outcome.advice.setdefault(layer_id, [])
                said = {one.line for one in advice}
                advice += [one for one in found if one.line not in said]
    except (LayerBuilderError, OSError) as error:
        context.reporter.step("advice", f"what no function loads is not told: {error}")


def _needs_if_auto(
    outcome: Outcome, context: Context, resolved: Mapping[str, Resolved], near: frozenset[str]
) -> dict[str, ServiceNeeds]:
    """Read what layers that hold the whole AWS SDK would keep of it with `sdk: auto`."""
    asking = {
        layer_id: item.request.layer
        for layer_id, item in resolved.items()
        if layer_id in near
        and item.request.layer.sdk.policy is SdkPolicy.BUNDLE
        and "botocore" in item.own.versions
    }
    if not asking:
        return {}
    auto = Sdk(policy=SdkPolicy.AUTO)
    requests = [
        replace(item.request, layer=replace(item.request.layer, sdk=auto))
        if layer_id in asking
        else item.request
        for layer_id, item in resolved.items()
    ]
    items = {
        request.layer.id: replace(resolved[request.layer.id], request=request)
        for request in load.with_code(requests, outcome, context.workspace)
    }
    read = read_beside(
        items, outcome.ties, context.installer, context.scratch, context.service_notes
    )
    return {layer_id: read[layer_id].needs for layer_id in asking}


def _tell_advice(outcome: Outcome, context: Context) -> None:
    """Say the best of what was measured of each layer."""
    for layer_id, built in outcome.built.items():
        kind = built.tightest.limit.kind
        for line in advice_lines(advice_for(built, outcome.advice.get(layer_id, ())), kind):
            context.reporter.step(built.layer.title, f"advice: {line}")
