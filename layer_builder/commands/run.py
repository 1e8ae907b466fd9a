"""Runs a command of the action: plan, build, publish, attach or promote; and `prove`."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import assert_never

from layer_builder import parallel
from layer_builder.audit import audit
from layer_builder.aws import Region
from layer_builder.commands import load
from layer_builder.commands.attach import attach
from layer_builder.commands.build import Work, build, prepare, read_asked
from layer_builder.commands.context import Context
from layer_builder.commands.functions import proven_stacks
from layer_builder.commands.plan import plan
from layer_builder.commands.promote import promote
from layer_builder.comparison import PublishedLayers, compare_layers, compare_with_report
from layer_builder.console import HeldReporter, Reporter
from layer_builder.errors import LayerBuilderError, ManifestError, Place, Problem, did_you_mean
from layer_builder.functions import stacks_to_prove
from layer_builder.github import job_split
from layer_builder.identity import known_lines, recognise, stamp_built, stamp_unproven
from layer_builder.inputs import Command, Inputs
from layer_builder.legs import join_parts, read_parts
from layer_builder.model import Built, VersionSummary
from layer_builder.outcome import Outcome
from layer_builder.parallel import begin
from layer_builder.plain_text import function_lines
from layer_builder.preflight import open_regions
from layer_builder.publish import Listed, list_versions, prepare_publishing, publish, refuse_foreign


def run_command(inputs: Inputs, context: Context, outcome: Outcome) -> None:
    """Do what the inputs ask for, and note in the outcome what was done.

    Raises LayerBuilderError with all that is wrong; the outcome then holds what was done before.
    """
    if inputs.command is Command.PROMOTE:
        promote(outcome, context)
        return
    if inputs.command is not Command.ATTACH and not load.lock_path(inputs).exists():
        begin(context.know_python)
    outcome.manifest = load.read(inputs, context.workspace)
    _notice_runtimes(outcome, context.reporter)
    match inputs.command:
        case Command.PLAN:
            _say_what_the_job_holds(context)
            plan(outcome, context)
        case Command.BUILD:
            _say_what_the_job_holds(context)
            asked = read_asked(outcome, context)
            with ThreadPoolExecutor(max_workers=1) as pool:
                pool.submit(context.load_ahead)
                work = prepare(asked, outcome, context)
            marks, provenance = work.marks(outcome, ()), context.provenance(outcome.manifest.owner)
            outcome.contents = marks.by_layer(work.resolved)
            build(outcome, context, work)
            # For `promote`: zips.json says what each zip is published with.
            stamp_unproven(outcome, marks, provenance)
            _audit(outcome, context)
            if inputs.baseline:
                compare_with_report(outcome, context.workspace.load_named, context.reporter)
        case Command.PUBLISH:
            _publish(outcome, context, outcome.manifest.owner)
        case Command.ATTACH:
            load.choose_regions(outcome, context.default_regions)
            attach(outcome, context)
        case _:
            assert_never(inputs.command)


def _publish(outcome: Outcome, context: Context, owner: str) -> None:
    """Publish what changed; build nothing that AWS has already, by its stamps."""
    with _preparing(outcome, context) as prepared:
        load.choose_regions(outcome, context.default_regions)
        regions = open_regions(outcome, context.connect, context.known_regions, context.reporter)
        provenance = context.provenance(owner)
        context.reporter.step("owner", str(provenance))
        listed = list_versions(regions, outcome.layers)
        outcome.versions = listed.of_region(regions[0].name)
        refuse_foreign(listed, outcome.layers, provenance.owner)
    work = prepared()
    marks = work.marks(outcome, proven_stacks(outcome, context, work.resolved))
    outcome.contents = marks.by_layer(work.resolved)
    if not outcome.inputs.rebuild:
        pins = {layer_id: item.own.pins for layer_id, item in work.resolved.items()}
        outcome.known = recognise(
            marks, provenance, listed, outcome.regions, pins, lambda: _lacking(outcome, context)
        )
        for title, line in known_lines(outcome):
            context.reporter.step(title, line)
    held = prepare_publishing(outcome, regions, context.reporter)
    build(outcome, context, work)
    _audit(outcome, context)
    stamp_built(outcome, marks, provenance)
    _hear_legs(outcome, context)
    _compare(outcome, context, regions[0], listed)
    publish(outcome, regions, context.reporter, held, listed)


@contextmanager
def _preparing(outcome: Outcome, context: Context) -> Iterator[Callable[[], Work]]:
    """Resolve while AWS answers; told after what that says, and given up where it refuses.

    The index is waited for as long as AWS is: nothing is installed or written meanwhile. Files are
    read first: a thread that did so would share one core with the one that loads boto3.
    """
    held = HeldReporter(context.reporter)
    beside = replace(context, reporter=held)
    try:
        asked = read_asked(outcome, beside)
    except LayerBuilderError:
        held.release()
        raise
    with ThreadPoolExecutor(max_workers=1) as pool:
        work = pool.submit(prepare, asked, outcome, beside)

        def finish() -> Work:
            held.release()
            return work.result()

        try:
            yield finish
            # Not before: it would share the interpreter with what loads boto3, and the index is
            # still waited for.
            context.load_ahead()
        except BaseException:
            parallel.kill_children()
            raise


def _audit(outcome: Outcome, context: Context) -> None:
    """Ask what is known of what is in the zips, and in layers that were not built."""
    inside = {
        one.layer.id: [
            (part.name, part.version)
            for part in (one.licences if isinstance(one, Built) else one.pins)
        ]
        for one in outcome.built_or_known()
    }
    audit(outcome, context.reporter, context.workspace.find, inside)


def _hear_legs(outcome: Outcome, context: Context) -> None:
    """Add what the jobs that built the zips tell, once nothing rests on it any more."""
    if not any(built.taken_up for built in outcome.built.values()):
        return
    parts, problems = read_parts(Path(outcome.inputs.output_dir))
    tried = stacks_to_prove(outcome.layers, outcome.functions, outcome.ties)
    for problem in (*problems, *join_parts(outcome, parts, [item.stack for item in tried])):
        context.reporter.warn(problem)


def _compare(outcome: Outcome, context: Context, region: Region, listed: Listed) -> None:
    """Say what changed, before anything is written: then old versions may go."""
    if outcome.inputs.baseline:
        compare_with_report(outcome, context.workspace.load_named, context.reporter)
        return

    def newest(name: str) -> VersionSummary | None:
        versions = listed.versions.get((region.name, name))
        # Not listed is not the same as not there.
        return next(iter(region.catalog.versions(name) if versions is None else versions), None)

    there = PublishedLayers(region=region, newest=newest, zips=context.zips)
    compare_layers(outcome, there, context.reporter)


def _lacking(outcome: Outcome, context: Context) -> frozenset[str]:
    """List the labels of targets that this machine has no Python for."""
    targets = {layer.target for layer in outcome.layers}
    return frozenset(one.label for one in targets if context.find_prover(one) is None)


def prove(inputs: Inputs, context: Context, outcome: Outcome, names: Sequence[str]) -> str:
    """Build what functions need, and prove them; gives what was shown, a line each.

    No names mean all functions. Raises LayerBuilderError.
    """
    whole = load.read(inputs, context.workspace)
    known = [stack.key for stack in whole.stacks]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ManifestError(
            *(
                Problem(
                    message=f"there is no function {name!r}",
                    place=Place(file=inputs.manifest),
                    advice=did_you_mean(name, known),
                )
                for name in unknown
            )
        )
    chosen = [stack for stack in whole.stacks if not names or stack.key in names]
    keys = list(dict.fromkeys(layer.key for stack in chosen for layer in stack.layers))
    outcome.manifest = replace(whole.select(keys), stacks=tuple(chosen))
    build(outcome, context)
    return "".join(
        f"{stack.key}: {line}\n" for stack in chosen for line in function_lines(outcome, stack)
    )


def _say_what_the_job_holds(context: Context) -> None:
    if context.credentials:
        context.reporter.notice(job_split(context.credentials))
        return
    but = " but those of package indexes" if context.has_index_credentials else ""
    context.reporter.step("job", f"no credentials in this job's environment{but}")


def _notice_runtimes(outcome: Outcome, reporter: Reporter) -> None:
    notices = {layer.target.notice: layer.place for layer in reversed(outcome.layers)}
    for notice, place in notices.items():
        if notice:
            reporter.warn(Problem(message=notice, place=place))
