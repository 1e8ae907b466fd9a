"""Attaches layers to functions: looks at all of them first, then writes what is different."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from layer_builder import parallel
from layer_builder.archive.output_dir import OutputDir
from layer_builder.attach import plan as attachment
from layer_builder.attach import preflight
from layer_builder.attach.plan import Attached, ChangeKind, Status
from layer_builder.attach.preflight import AT_ONCE, Look, Task
from layer_builder.attach.sizes import SizeLookup, known_sizes
from layer_builder.attach.update import FunctionUpdate, UpdateFailedError
from layer_builder.aws.api import Region
from layer_builder.commands.context import Context
from layer_builder.console import Reporter
from layer_builder.errors import LayerBuilderError, ManifestError, Place, Problem, merged
from layer_builder.model.release import Action, FunctionState, Release, VersionSummary
from layer_builder.outcome import Outcome


def attach(outcome: Outcome, context: Context) -> None:
    """Give the functions the newest versions of their layers; build nothing.

    All functions are read and checked before the first is written to. One that fails does not stop
    the others. Raises at the end with the problems of all; the outcome tells of each function.
    """
    output_dir = OutputDir(folder=Path(outcome.inputs.output_dir))
    sizes = known_sizes(outcome.layers, outcome.functions, output_dir, context.measure)
    regions = [context.connect(region) for region in outcome.regions]
    if outcome.inputs.sandbox:
        for region in outcome.regions:
            context.seed(region, outcome.functions, output_dir)
        context.reporter.step(
            "sandbox", "its functions and layers are made up: this is a rehearsal"
        )
    _attach(outcome, regions, sizes, context.reporter)


def _attach(
    outcome: Outcome, regions: Sequence[Region], sizes: SizeLookup, reporter: Reporter
) -> None:
    stacks = [stack for stack in outcome.functions if stack.function_name]
    _tell_left_out(outcome, reporter)
    if not stacks:
        raise ManifestError(_nothing_to_do(outcome))
    errors: list[LayerBuilderError] = []
    tasks: list[Task] = []
    for region in regions:
        newest, troubles = preflight.newest(region, stacks)
        errors += troubles.values()
        _note_releases(outcome, region, newest)
        for stack in stacks:
            if any(layer.id in troubles for layer in stack.layers):
                failed = Attached(stack=stack, region=region.name, status=Status.FAILED)
                outcome.attachments.append(failed)
                continue
            names = tuple(dict.fromkeys(layer.name for layer in outcome.layers))
            task = Task(region=region, stack=stack, newest=newest, names=names, sizes=sizes)
            tasks.append(task)
            _warn_of_others_elsewhere(task, reporter)

    def finish(look: Look) -> LayerBuilderError | None:
        done, error = _finish(look, writes=not outcome.inputs.dry_run)
        outcome.attachments.append(done)
        _tell(done, reporter)
        return error

    looks = parallel.each(preflight.look, tasks, AT_ONCE)
    errors += [error for error in parallel.each(finish, looks, AT_ONCE) if error]
    order = {(region.name, stack.key): None for region in regions for stack in stacks}
    places = {key: index for index, key in enumerate(order)}
    outcome.attachments.sort(key=lambda done: places[done.region, done.stack.key])
    if errors:
        raise merged(errors)


def _finish(look: Look, *, writes: bool) -> tuple[Attached, LayerBuilderError | None]:
    """Write what is to be written."""
    task, planned = look.task, look.planned
    done = Attached(
        stack=task.stack,
        region=task.region.name,
        status=Status.FAILED,
        has=look.function.layers if look.function else None,
        attachment=planned,
        forecast=look.forecast,
    )
    if look.error or not look.function or not planned:
        return done, look.error
    if not planned.is_needed:
        return replace(done, status=Status.UNCHANGED), None
    if not writes:
        return replace(done, status=Status.PLANNED), None

    plans = [planned]

    def layers(function: FunctionState) -> tuple[str, ...]:
        again = task.plan(function)
        if again.is_needed and again.before != plans[-1].before:
            task.forecast(function, again)
            plans.append(again)
        return again.after

    fitting = FunctionUpdate(functions=task.region.functions, function=look.function)
    try:
        fitting.apply(layers)
    except UpdateFailedError as error:
        failure = preflight.about(task, fitting.rollback(error))
        return replace(done, has=fitting.has), failure
    except LayerBuilderError as error:
        return replace(done, has=fitting.has), preflight.about(task, fitting.explained(error))
    return replace(done, status=Status.ATTACHED, has=fitting.has, attachment=plans[-1]), None


def _note_releases(outcome: Outcome, region: Region, newest: Mapping[str, VersionSummary]) -> None:
    """Note the versions that were found, for the outputs."""
    for layer_id, version in newest.items():
        outcome.releases.setdefault(layer_id, {})[region.name] = Release(
            region=region.name, arn=version.arn, version=version.number, action=Action.FOUND
        )


def _tell(done: Attached, reporter: Reporter) -> None:
    """Say what was done with a function, and what is not known of its size."""
    planned = done.attachment
    if done.status is Status.FAILED or planned is None:
        return
    match done.status:
        case Status.UNCHANGED:
            reporter.step(done.title, f"unchanged, {len(planned.after)} layers")
            return
        case Status.PLANNED:
            first = "would be changed:"
        case _:
            first = "attached:"
    reporter.step(done.title, "\n".join([first, *(f"    {line}" for line in planned.diff())]))
    gone = [change.before for change in planned.changes if change.kind is ChangeKind.REMOVED]
    if gone:
        verb = "would be removed" if done.status is Status.PLANNED else "removed"
        reporter.step(
            done.title,
            f"{verb}, since the manifest's list of its layers has it no longer:"
            f" {', '.join(arn or '' for arn in gone)}",
        )
    if done.forecast:
        reporter.step(done.title, str(done.forecast))


def _warn_of_others_elsewhere(task: Task, reporter: Reporter) -> None:
    for layer in task.stack.external:
        if not task.is_here(layer.arn):
            name = attachment.title(task.stack, task.region.name)
            message = f"{name}: external {layer.arn} is in another region, and is not attached here"
            reporter.warn(Problem(message=message, place=task.stack.place))


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
