"""`plan`: resolves all layers, tells the versions and what they will weigh; builds nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from layer_builder import parallel
from layer_builder.audit import audit
from layer_builder.aws import Region
from layer_builder.commands import load
from layer_builder.commands.context import Context
from layer_builder.comparison import (
    PublishedLayers,
    compare_layers,
    compare_with_report,
    planned_snapshots,
)
from layer_builder.errors import AwsError, LimitError, ManifestError, Problem, did_you_mean
from layer_builder.forecast import (
    LayerEstimate,
    estimate_layer,
    estimate_line,
    open_lines,
    problems_of_estimate,
    weigh_included,
)
from layer_builder.identity import Marks, resolved_contents
from layer_builder.inputs import Inputs
from layer_builder.licences import licence_problems
from layer_builder.model import Reference, Stack, StackWeight, VersionSummary, counted
from layer_builder.outcome import Outcome
from layer_builder.preflight import WrongAccountError, open_regions
from layer_builder.resolve import LayerGroup, Lockfile, Resolved, group_layers, resolve_group
from layer_builder.sources import LayerRequest
from layer_builder.timing import Clock


def plan(outcome: Outcome, context: Context) -> None:
    """Resolve all layers, tell the versions and what they will weigh; build nothing.

    Raises LimitError for layers and functions that cannot fit, ManifestError for licences that are
    not let in and for a misspelt region, WrongAccountError.
    """
    region = _region(outcome, context)
    found = resolve_requests(
        load.requests(outcome, context.workspace, context.installer, context.reporter),
        outcome,
        context,
    )
    refuse_unknown_names(found, outcome)
    for resolved in found.values():
        layer = resolved.request.layer
        lines = [f"{name} {version}" for name, version in resolved.own.versions.items()]
        if not resolved.request.requirements.lines:
            lines = [f"{len(resolved.request.files.files)} files of the workspace"]
        above = f", on top of {', '.join(layer.requires)}" if layer.requires else ""
        name = f", on AWS {layer.name}" if layer.name != layer.key else ""
        context.reporter.step(
            layer.title, f"for {layer.target.label}{name}{above}: {', '.join(lines)}"
        )
    _tell_lacking(outcome, context)
    wanted = {layer.id for layer in outcome.layers}
    outcome.estimates = weigh({one: found[one] for one in found if one in wanted}, context)
    _compare(found, outcome, context, region)
    pins = {
        one: [(pin.name, pin.version) for pin in found[one].own.pins] for one in outcome.estimates
    }
    audit(outcome, context.reporter, context.workspace.find, pins)
    _tell_weights(outcome, context)


def _tell_lacking(outcome: Outcome, context: Context) -> None:
    """Say for which targets a build on this machine would import nothing."""
    targets = dict.fromkeys(layer.target for layer in outcome.layers)
    lacking = [one.label for one in targets if context.find_prover(one) is None]
    if lacking:
        context.reporter.step(
            "build",
            f"no Python for {', '.join(lacking)} on this machine: a build here would check files,"
            " and import nothing",
        )


def _region(outcome: Outcome, context: Context) -> Region | None:
    """Open the region to compare with; None without one, or where nobody can be asked there."""
    inputs = outcome.inputs
    if inputs.baseline or inputs.sandbox or not inputs.regions:
        return None
    try:
        return open_regions(outcome, context.connect, context.known_regions, context.reporter)[0]
    except WrongAccountError:
        raise
    except AwsError as error:
        context.reporter.warn(_not_compared(error.problems[0]))
        return None


def _compare(
    found: Mapping[str, Resolved], outcome: Outcome, context: Context, region: Region | None
) -> None:
    """Say what would change, against a baseline, or what a region has that the inputs name."""
    inputs, contents = outcome.inputs, resolved_contents(found, outcome.ties)
    marks = Marks(layers=outcome.layers, contents=contents, stacks=(), ties=outcome.ties)
    outcome.contents = marks.by_layer(found)
    now = planned_snapshots(outcome, {layer_id: item.own.pins for layer_id, item in found.items()})
    if inputs.baseline:
        compare_with_report(outcome, context.workspace.load_named, context.reporter, now)
    elif region:

        def newest(name: str) -> VersionSummary | None:
            versions = outcome.versions[name] = tuple(region.catalog.versions(name))
            return next(iter(versions), None)

        there = PublishedLayers(region=region, newest=newest, zips=context.zips)
        compare_layers(outcome, there, context.reporter, now)


def _not_compared(problem: Problem) -> Problem:
    return replace(problem, message=f"not compared: {problem.message}")


def read_requests(inputs: Inputs, context: Context, outcome: Outcome) -> list[LayerRequest]:
    """Read the manifest and what its layers ask for. Raises ManifestError."""
    outcome.manifest = load.read(inputs, context.workspace)
    return load.requests(outcome, context.workspace, context.installer, context.reporter)


def resolve_requests(
    requests: Sequence[LayerRequest], outcome: Outcome, context: Context
) -> dict[str, Resolved]:
    """Resolve what layers ask for, as their lock says if there is one; by layer id."""
    lock = load.lock_of(outcome.inputs, context.workspace)
    return resolve(group_layers(requests, outcome.ties), context, lock)


def weigh(found: Mapping[str, Resolved], context: Context) -> dict[str, LayerEstimate]:
    """Look into the wheels of layers, by layer id. Raises InstallError."""

    def weigh(item: Resolved) -> LayerEstimate:
        request, layer = item.request, item.request.layer
        wheels = context.wheels.read(
            item.own.pins,
            request.requirements,
            layer.target,
            layer.build,
            licences=bool(layer.licences),
        )
        with context.scratch.folder() as folder:
            included = weigh_included(request.files.files, layer.compression, folder)
        return estimate_layer(layer, request.requirements.names, wheels, included, item.needs)

    estimates = parallel.each(weigh, found.values(), context.workers)
    return dict(zip(found, estimates, strict=True))


def weigh_functions(
    stacks: Sequence[Stack], estimates: Mapping[str, LayerEstimate]
) -> list[tuple[StackWeight, StackWeight]]:
    """Add up functions all of whose layers were weighed: about, and at the least."""
    known = [one for one in stacks if all(layer.id in estimates for layer in one.layers)]
    return [
        (
            _weight(one, {key: item.weight.unzipped_bytes for key, item in of_layers.items()}),
            _weight(one, {key: item.least.unzipped_bytes for key, item in of_layers.items()}),
        )
        for one in known
        if (of_layers := {layer.key: estimates[layer.id] for layer in one.layers})
    ]


def _weight(stack: Stack, shares: Mapping[str, int]) -> StackWeight:
    return StackWeight(stack=stack, shares=shares, is_estimate=True)


def _tell_weights(outcome: Outcome, context: Context) -> None:
    """Tell what layers and functions will weigh.

    Raises ManifestError for licences that are not let in, LimitError for what cannot fit.
    """
    errors: list[Problem] = []
    for estimate in outcome.estimates.values():
        title = estimate.layer.title
        context.reporter.step(title, estimate_line(estimate))
        for line in open_lines(estimate):
            context.reporter.step(title, line)
        hopeless, doubtful = problems_of_estimate(estimate)
        errors += hopeless
        for warning in doubtful:
            context.reporter.warn(warning)
    weights = weigh_functions(outcome.functions, outcome.estimates)
    outcome.stacks = [weight for weight, _ in weights]
    for weight, least in weights:
        context.reporter.step(f"function {weight.stack.key}", weight.line)
        if problem := weight.problem():
            if least.reading.is_over:
                errors.append(problem)
            else:
                context.reporter.warn(problem)
    refused = [
        problem
        for one in outcome.estimates.values()
        for problem in licence_problems(one.layer, one.licences)
    ]
    if refused:
        raise ManifestError(*dict.fromkeys(refused))
    if errors:
        raise LimitError(*errors)


def refuse_unknown_names(found: Mapping[str, Resolved], outcome: Outcome) -> None:
    """Raise ManifestError for names of `allow-failing` that no layer has which they are said for.

    Of a selection of layers nobody can tell: one that was left out may have it.
    """
    if outcome.inputs.is_partial:
        return
    known: dict[Reference, set[str]] = {}
    for resolved in found.values():
        for reference in resolved.request.layer.allow_failing:
            known.setdefault(reference, set()).update(resolved.own.versions)
    layers = outcome.manifest.layers if outcome.manifest else ()
    elsewhere = {name for one in layers if one.id not in found for name in one.allow_failing}
    problems = [
        Problem(
            message=f"allow-failing: no distribution {reference.text!r} in the layer",
            place=reference.place,
            advice=did_you_mean(reference.text, names),
        )
        for reference, names in known.items()
        if reference.text not in names and reference not in elsewhere
    ]
    if problems:
        raise ManifestError(*problems)


def resolve(
    groups: Sequence[LayerGroup], context: Context, locked: Lockfile | None
) -> dict[str, Resolved]:
    """Resolve families, by layer id."""

    def resolve(group: LayerGroup) -> dict[str, Resolved]:
        clock = Clock(partial(context.reporter.progress, " ".join(group.keys)))
        with clock.step("resolve"):
            resolved = resolve_group(group, context.installer, locked)
        for warning in group.taken_twice({key: item.own for key, item in resolved.items()}):
            context.reporter.warn(warning)
        for item in resolved.values():
            if item.request.requirements.lines:
                context.reporter.step(
                    item.request.layer.title,
                    f"resolved {counted(len(item.own.pins), 'distribution')} for"
                    f" {item.request.layer.target.label} ({clock.seconds['resolve']:.1f} s)",
                )
        return resolved

    parts = parallel.each(resolve, groups, context.workers)
    return {layer_id: resolved for part in parts for layer_id, resolved in part.items()}
