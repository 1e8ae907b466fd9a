"""`promote`: publishes finished versions elsewhere, byte for byte; resolves and builds nothing."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from layer_builder.archive import OutputDir
from layer_builder.builder import problems_over_limits
from layer_builder.commands import load
from layer_builder.commands.context import Context
from layer_builder.errors import AwsError, LimitError, Problem
from layer_builder.handoff import named_by_input
from layer_builder.manifest import Manifest
from layer_builder.model import Built
from layer_builder.outcome import Outcome
from layer_builder.preflight import open_regions
from layer_builder.promote import (
    Fetcher,
    as_built,
    choose_named,
    find_finished,
    selected,
    without_digest,
)
from layer_builder.publish import (
    Listed,
    foreign_problem,
    list_versions,
    prepare_publishing,
    publish,
)

_OF_ANOTHER = (
    "the name belongs to what another manifest publishes: publish with a name of its own, and promote that",
    "if it is the same by another name: owner: in the manifest that it is published from",
)


def promote(outcome: Outcome, context: Context) -> None:
    """Publish the bytes of finished versions, with what they say of themselves. Raises what fails.

    What a region has already stays as it is.
    """
    inputs = outcome.inputs
    load.choose_regions(outcome, context.default_regions)
    regions = open_regions(outcome, context.connect, context.known_regions, context.reporter)
    builds = _finished(outcome, context)
    problems = [problem for built in builds for problem in problems_over_limits(built)]
    if problems:
        raise LimitError(*problems)
    source = inputs.arns or inputs.output_dir
    outcome.manifest = Manifest(file=source, layers=tuple(built.layer for built in builds))
    outcome.built = {built.layer.id: built for built in builds}
    listed = list_versions(regions, outcome.layers)
    _refuse_foreign(listed, builds)
    for problem in _unstamped(builds):
        context.reporter.warn(problem)
    held = prepare_publishing(outcome, regions, context.reporter)
    publish(outcome, regions, context.reporter, held, listed)


def _refuse_foreign(listed: Listed, builds: Sequence[Built]) -> None:
    """Raise AwsError for names whose newest stamp is of another owner than what is promoted."""
    built = {one.layer.name: one for one in builds}
    problems = [
        replace(problem, place=None, advice=_OF_ANOTHER)
        for name, newest in listed.newest_stamped()
        if (problem := foreign_problem(built[name].layer, newest.arn, newest.stamp, _owner(built[name])))
    ]  # fmt: skip
    if problems:
        raise AwsError(*problems)


def _owner(built: Built) -> str:
    return built.stamp.owner if built.stamp else "nobody: it has no stamp"


def _unstamped(builds: Sequence[Built]) -> Iterator[Problem]:
    """Warn of versions that do not say whose they are, each once."""
    for built in {one.layer.name: one for one in reversed(builds)}.values():
        if built.stamp is None:
            yield Problem(
                message="it has no stamp: on AWS its version will be no manifest's, so that no"
                " `retain` ever deletes it, and another manifest may take the name",
                layer=built.layer.key,
                place=built.layer.place,
                advice=("build or publish it with this release, and promote that",),
            )


def _finished(outcome: Outcome, context: Context) -> list[Built]:
    """Find what is to be promoted, and fetch what is not here."""
    inputs = outcome.inputs
    output_dir = OutputDir(folder=Path(inputs.output_dir))
    if inputs.arns:
        named = named_by_input(inputs.arns, context.workspace.load_named)
        fetcher = Fetcher(
            connect=context.connect_source,
            output_dir=output_dir,
            digests=inputs.digests or {},
            say=context.reporter.step,
        )
        chosen = choose_named(named, inputs.layers)
        for problem in without_digest(chosen, inputs.digests) if inputs.digests is not None else ():
            context.reporter.warn(problem)
        finished = fetcher.fetch(chosen)
    else:
        found = find_finished(output_dir, inputs.digests, context.workspace.tracks)
        finished = selected(found, inputs.layers, lambda one: one.key)
    targets = Counter(one.key for one in finished)
    through_s3 = bool(inputs.s3_bucket)
    return [
        as_built(one, is_one_of_several=targets[one.key] > 1, through_s3=through_s3)
        for one in finished
    ]
