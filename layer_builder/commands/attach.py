"""Attaches layers to functions: looks at all of them first, then writes what is different."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from layer_builder.archive import OutputDir
from layer_builder.attach import (
    Attached,
    Attacher,
    ChangeKind,
    Status,
    VersionChoice,
    known_sizes,
)
from layer_builder.aws import Region
from layer_builder.commands.context import Context
from layer_builder.console import Reporter
from layer_builder.errors import ManifestError, Place, Problem, did_you_mean, merged
from layer_builder.handoff import (
    FROM_SSM,
    NEWEST,
    Wish,
    left_by_publish,
    named_by_input,
    named_by_parameters,
    read_wishes,
    refuse_gaps,
)
from layer_builder.inputs import Inputs
from layer_builder.model import Action, LayerVersionArn, Release, Stack
from layer_builder.outcome import Outcome
from layer_builder.preflight import open_regions


def attach(outcome: Outcome, context: Context) -> None:
    """Give the functions the versions of their layers that were named, else the newest.

    All functions are read and checked before the first is written to. One that fails does not stop
    the others. Raises at the end with the problems of all; the outcome tells of each function.
    """
    inputs = outcome.inputs
    output_dir = OutputDir(folder=Path(inputs.output_dir))
    stacks = [stack for stack in outcome.functions if stack.function_name]
    _tell_left_out(outcome, context.reporter)
    if not stacks:
        raise ManifestError(_nothing_to_do(outcome))
    wishes = _wishes(inputs, stacks)
    stacks = [stack for stack in stacks if stack.key in wishes] if wishes else stacks
    regions = open_regions(outcome, context.connect, context.known_regions, context.reporter)
    if inputs.sandbox:
        for region in outcome.regions:
            context.seed(region, outcome.functions, output_dir)
        context.reporter.step(
            "sandbox", "its functions and layers are made up: this is a rehearsal"
        )
    choice = _choice(outcome, context, regions)
    stacks = _named_functions(stacks, choice, wishes, outcome, context.reporter)
    for problem in _of_no_layer(choice, outcome):
        context.reporter.warn(problem)

    def on_attached(attached: Attached) -> None:
        outcome.attachments.append(attached)
        _tell(attached, context.reporter)

    attacher = Attacher(
        stacks=stacks,
        names=tuple(dict.fromkeys(layer.name for layer in outcome.layers)),
        sizes=known_sizes(
            outcome.layers, outcome.functions, output_dir, context.zips.unzipped_bytes
        ),
        dry_run=inputs.dry_run,
        on_chosen=lambda region, chosen: _note_chosen(outcome, region.name, chosen),
        on_warning=context.reporter.warn,
        on_attached=on_attached,
        choice=choice,
        wishes=wishes,
    )
    errors = attacher.check_and_update(regions)
    places = [(region.name, stack.key) for region in regions for stack in stacks]
    outcome.attachments.sort(key=lambda item: places.index((item.region, item.stack.key)))
    if errors:
        raise merged(errors)


def _wishes(inputs: Inputs, stacks: Sequence[Stack]) -> dict[str, Wish]:
    try:
        return read_wishes(inputs.rollback).resolve(stacks)
    except ValueError as error:
        raise ManifestError.because(f"input rollback: {error}") from None


def _choice(outcome: Outcome, context: Context, regions: Sequence[Region]) -> VersionChoice:
    """Find out by what versions are chosen."""
    inputs, digests = outcome.inputs, outcome.inputs.digests or {}
    workspace = context.workspace
    if inputs.arns == FROM_SSM:
        readers = {region.name: region.parameters.read for region in regions}
        found = named_by_parameters(outcome.layers, readers)
        return VersionChoice(named=found, is_whole=True, digests=digests)
    if inputs.arns not in {"", NEWEST}:
        found = named_by_input(inputs.arns, workspace.load_named)
        return VersionChoice(named=found, is_whole=True, digests=digests)
    left = None
    if not inputs.arns and not inputs.sandbox:
        left = left_by_publish(inputs.output_dir, workspace.load_named, workspace.tracks)
    if left:
        context.reporter.step("versions", f"those that publish left in {left.source}")
    named_owner = outcome.manifest.owner if outcome.manifest else ""
    owner = context.provenance(named_owner).owner
    return VersionChoice(named=left, digests=digests, owner=owner)


def _named_functions(
    stacks: Sequence[Stack],
    choice: VersionChoice,
    wishes: Mapping[str, Wish],
    outcome: Outcome,
    reporter: Reporter,
) -> list[Stack]:
    """Keep the functions of which a layer is named, where only what is named is set.

    Raises ManifestError where a layer is named in some regions of several, or none is named.
    """
    versions = choice.named
    if not versions or not choice.is_whole:
        return list(stacks)
    following = [one for one in stacks if not wishes.get(one.key, Wish()).goes_back]
    layers = {layer.id: layer for stack in following for layer in stack.layers}
    refuse_gaps(versions, layers.values(), outcome.regions)
    kept = []
    for stack in stacks:
        if stack not in following or any(
            versions.find(layer, region) for layer in stack.layers for region in outcome.regions
        ):
            kept.append(stack)
        else:
            text = f"left out: {versions.source} names none of its layers"
            reporter.step(f"function {stack.key}", text)
    if not kept:
        raise ManifestError.because(
            f"{versions.source} names no layer of these functions in {', '.join(outcome.regions)}",
            details=tuple(version.arn for version in versions.versions),
            advice=("hand on what a publish of this manifest to this region handed on",),
        )
    return kept


def _of_no_layer(choice: VersionChoice, outcome: Outcome) -> list[Problem]:
    """Say which versions were named for what the manifest has no layer of: a name may be misspelt."""
    named = choice.named
    if not named or not choice.is_whole or outcome.inputs.is_partial:
        return []
    strange = [one for one in named.versions if not any(map(one.is_of, outcome.layers))]
    known = {layer.key: layer.name for layer in outcome.layers}
    return [
        Problem(
            message=f"{named.source} names {one.arn}{f' for {one.key}' if one.key else ''}, which is"
            " of no layer of the manifest: no function got it",
            place=Place(file=outcome.inputs.manifest),
            advice=did_you_mean(one.key, list(known))
            if one.key
            else did_you_mean(one.name, list(known.values())),
        )
        for one in strange
        if one.region in outcome.regions
    ]


def _note_chosen(outcome: Outcome, region: str, chosen: Mapping[str, str]) -> None:
    """Note the versions, for the outputs."""
    for layer_id, arn in chosen.items():
        number = LayerVersionArn.parse(arn).number
        outcome.releases.setdefault(layer_id, {})[region] = Release(
            region=region, arn=arn, version=number, action=Action.FOUND
        )


def _tell(attached: Attached, reporter: Reporter) -> None:
    """Say what was done with a function, and what is not known of its size."""
    planned = attached.attachment
    for warning in attached.warnings:
        reporter.warn(warning)
    if attached.status is Status.FAILED or planned is None:
        return
    match attached.status:
        case Status.UNCHANGED:
            reporter.step(attached.title, f"unchanged, {len(planned.after)} layers")
            return
        case Status.PLANNED:
            first = "would be changed:"
        case _:
            first = "attached:"
    for line in attached.serving.lines(done=attached.status is Status.ATTACHED):
        reporter.step(attached.title, line)
    if not planned.is_needed:
        return
    reporter.step(attached.title, "\n".join([first, *(f"    {line}" for line in planned.diff())]))
    gone = [change.before for change in planned.changes if change.kind is ChangeKind.REMOVED]
    if gone:
        verb = "would be removed" if attached.status is Status.PLANNED else "removed"
        reporter.step(
            attached.title,
            f"{verb}, since the manifest's list of its layers has it no longer:"
            f" {', '.join(arn or '' for arn in gone)}",
        )
    if attached.forecast:
        reporter.step(attached.title, str(attached.forecast))


def _tell_left_out(outcome: Outcome, reporter: Reporter) -> None:
    """Say which functions `layers` leaves out: those that load others besides."""
    taken = {stack.key for stack in outcome.functions}
    for stack in outcome.ties:
        if stack.function_name and stack.key not in taken:
            reporter.step(
                f"function {stack.key}", "left out: it has layers that were not asked for"
            )


def _nothing_to_do(outcome: Outcome) -> Problem:
    named = [stack.key for stack in outcome.ties if stack.function_name]
    if named:
        message = "no function has only the layers that were asked for"
        advice = f"ask for all the layers of a function; functions: {', '.join(named)}"
    else:
        message = "no function of the manifest has a function-name"
        advice = "functions: {api: {function-name: its name on AWS, layers: [...]}}"
    return Problem(message=message, place=Place(file=outcome.inputs.manifest), advice=(advice,))
