"""Attaches layers to functions: looks at all of them first, then writes what is different."""

from collections.abc import Mapping
from pathlib import Path

from layer_builder.archive import OutputDir
from layer_builder.attach import (
    Attached,
    Attacher,
    ChangeKind,
    Status,
    function_exists,
    function_title,
    known_sizes,
)
from layer_builder.aws import Region
from layer_builder.commands.context import Context
from layer_builder.console import Reporter
from layer_builder.errors import ManifestError, Place, Problem, merged
from layer_builder.model import Action, Release, Stack, VersionSummary
from layer_builder.outcome import Outcome
from layer_builder.preflight import open_regions


def attach(outcome: Outcome, context: Context) -> None:
    """Give the functions the newest versions of their layers; build nothing.

    All functions are read and checked before the first is written to. One that fails does not stop
    the others. Raises at the end with the problems of all; the outcome tells of each function.
    """
    output_dir = OutputDir(folder=Path(outcome.inputs.output_dir))
    regions = open_regions(outcome, context.connect, context.known_regions, context.reporter)
    if outcome.inputs.sandbox:
        for region in outcome.regions:
            context.seed(region, outcome.functions, output_dir)
        context.reporter.step(
            "sandbox", "its functions and layers are made up: this is a rehearsal"
        )
    stacks = [stack for stack in outcome.functions if stack.function_name]
    _tell_left_out(outcome, context.reporter)
    if not stacks:
        raise ManifestError(_nothing_to_do(outcome))

    def on_newest(region: Region, newest: Mapping[str, VersionSummary]) -> None:
        _note_newest(outcome, region.name, newest)
        for stack in stacks:
            if all(layer.id in newest for layer in stack.layers):
                _warn_of_others_elsewhere(stack, region.name, context.reporter)

    def on_attached(attached: Attached) -> None:
        outcome.attachments.append(attached)
        _tell(attached, context.reporter)

    attacher = Attacher(
        stacks=stacks,
        names=tuple(dict.fromkeys(layer.name for layer in outcome.layers)),
        sizes=known_sizes(outcome.layers, outcome.functions, output_dir, context.measure),
        dry_run=outcome.inputs.dry_run,
        on_newest=on_newest,
        on_attached=on_attached,
    )
    errors = attacher.check_and_update(regions)
    places = [(region.name, stack.key) for region in regions for stack in stacks]
    outcome.attachments.sort(key=lambda item: places.index((item.region, item.stack.key)))
    if errors:
        raise merged(errors)


def _note_newest(outcome: Outcome, region: str, newest: Mapping[str, VersionSummary]) -> None:
    """Note the versions that AWS has, for the outputs."""
    for layer_id, version in newest.items():
        outcome.releases.setdefault(layer_id, {})[region] = Release(
            region=region, arn=version.arn, version=version.number, action=Action.FOUND
        )


def _tell(attached: Attached, reporter: Reporter) -> None:
    """Say what was done with a function, and what is not known of its size."""
    planned = attached.attachment
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


def _warn_of_others_elsewhere(stack: Stack, region: str, reporter: Reporter) -> None:
    for layer in stack.external:
        if not function_exists(region, layer.arn):
            name = function_title(stack, region)
            message = f"{name}: external {layer.arn} is in another region, and is not attached here"
            reporter.warn(Problem(message=message, place=stack.place))


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
