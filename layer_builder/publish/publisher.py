"""Publishes finished layers: reads what is there first, then writes only what is new."""

import threading
from collections.abc import Sequence
from dataclasses import field
from functools import partial
from typing import assert_never

from layer_builder import parallel
from layer_builder.aws import Region
from layer_builder.console import Reporter
from layer_builder.errors import (
    AwsError,
    LayerBuilderError,
    LimitError,
    Problem,
    merged,
)
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Action, Built, LayerVersion, Releasable, Release
from layer_builder.outcome import Outcome
from layer_builder.publish import discrepancies, exactly_once, region_state, sharing
from layer_builder.publish.cleanup import Cleanup
from layer_builder.publish.ownership import Listed
from layer_builder.publish.preconditions import Held
from layer_builder.publish.region_state import AT_ONCE, LayerState, RegionState
from layer_builder.timing import Clock


def publish(
    outcome: Outcome, regions: Sequence[Region], reporter: Reporter, held: Held, listed: Listed
) -> None:
    """Publish what changed, everywhere, all regions at the same time.

    `listed` is what was there before the build, by which layers were recognised that need none.
    All reads and checks come before the first write. A region in which something fails does not
    stop the others. Raises at the end with the errors of all regions; the outcome then holds what
    was published, and why the rest was not.
    """
    publishing = _Publishing(outcome=outcome, reporter=reporter)
    layers = [first for first, *_ in outcome.by_name().values()]
    states = parallel.each(
        lambda region: region_state.read(region, layers, held, listed), regions, len(regions)
    )
    for state in states:
        publishing.tell(state)
    over = [state for state in states if isinstance(state.error, LimitError)]
    writes = not (over or outcome.inputs.dry_run or all(state.error for state in states))
    if writes:
        parallel.each(publishing.write, states, len(states), publishing.interrupted)
    elif outcome.inputs.dry_run and not over:
        parallel.each(publishing.preview, states, len(states))
    if failed := over or [state for state in states if state.error]:
        for state in states:
            publishing.note_missing(state)
        error = merged([state.error for state in failed if state.error])
        progress = [publishing.progress(states)] if writes else []
        raise error.with_problems(*error.problems, *progress)


@dataclass(kw_only=True)
class _Publishing:
    """One run's writes, in all regions."""

    outcome: Outcome
    reporter: Reporter
    interrupted: threading.Event = field(default_factory=threading.Event)
    _unknown: set[str] = field(default_factory=set)

    def tell(self, state: RegionState) -> None:
        """Say and note what is unchanged, and what is to be published."""
        region, dry_run = state.region, self.outcome.inputs.dry_run
        for item in state.items:
            built = item.built
            if item.newest and item.is_same:
                self.outcome.record_release(built, region.name, item.newest, Action.UNCHANGED)
                self.reporter.step(
                    built.layer.title, f"unchanged in {region.name}: {item.newest.arn}"
                )
            else:
                self.outcome.record_to_publish(built, region.name)
            if isinstance(built, Built) and item.newest:
                self._compare(built, item.newest)
            if dry_run and not item.is_same:
                after = f"after {item.newest.arn}" if item.newest else "as its first version"
                self.reporter.step(
                    built.layer.title,
                    f"would be published to {region.name} as {built.layer.name}, {after}",
                )
            if dry_run:
                sharing.preview(region, item, self.reporter, self.outcome)

    def _compare(self, built: Built, newest: LayerVersion) -> None:
        """Say what the newest version's stamp says that its bytes do not, or the other way."""
        title, there, mine = built.layer.title, newest.stamp, built.stamp
        if there is None or mine is None or there.owner != mine.owner:
            return
        same_bytes = newest.sha256 == built.archive.sha256
        if there.content == mine.content and not same_bytes:
            self.reporter.warn(discrepancies.other_bytes_problem(built, newest))
        elif there.content == mine.content and self.outcome.inputs.rebuild:
            self.reporter.step(title, f"rebuilt: the same bytes as {newest.arn}")
        elif there != mine and same_bytes and newest.holds(built):
            text = (
                "has the same bytes, and its stamp tells of another build: no version is published"
            )
            self.reporter.step(
                title, f"{newest.arn} {text} for that, and the next run builds again"
            )

    def write(self, state: RegionState) -> None:
        """Publish what is new in a region, deliver all of it, and delete what is old.

        The first new one goes alone: what AWS refuses for all of them is asked for once. After an
        error nothing new is begun; what is on its way is seen to its end.
        """
        errors: dict[str, LayerBuilderError] = {}

        def write(item: LayerState) -> None:
            if errors or self.interrupted.is_set():
                return
            try:
                self._write(state, item)
            except LayerBuilderError as error:
                errors[item.built.layer.id] = error
                if isinstance(error, AwsError) and error.is_unknown:
                    self._unknown.add(_where(item.built, state.region))

        first = state.new[:1]
        parallel.each(write, first, 1)
        parallel.each(write, [item for item in state.items if item not in first], AT_ONCE)
        for item in state.items:
            if error := errors.get(item.built.layer.id):
                self.outcome.record_missing(
                    item.built, state.region.name, error.problems[0].message
                )
        if errors:
            state.error = merged(list(errors.values()))
        elif not state.error and not self.interrupted.is_set():
            self._delete_old(state)

    def _delete_old(self, state: RegionState) -> None:
        """Delete old versions in a region where all that was to be published is."""
        cleanup = self._cleanup(state.region)
        cleanup.delete_old_versions(state.items)
        if state.new:
            cleanup.warn_of_storage()

    def preview(self, state: RegionState) -> None:
        """Say which old versions would be deleted in a region."""
        if not state.error:
            self._cleanup(state.region).preview(state.items)

    def _cleanup(self, region: Region) -> Cleanup:
        return Cleanup(
            region=region,
            outcome=self.outcome,
            reporter=self.reporter,
            interrupted=self.interrupted,
        )

    def _write(self, state: RegionState, item: LayerState) -> None:
        region = state.region
        if isinstance(item.to_do, Built):
            region.versions.stage(item.to_do)
            if state.is_stale(item):
                item = region_state.reread(region, item)
        match item.to_do:
            case Built() as built:
                release = self._published(region, built, item.number)
            case LayerVersion() as version:
                release = self._kept(region, item.built, version)
            case None:
                return
            case _:
                assert_never(item.to_do)
        sharing.deliver(region, item, release, self.reporter, self.outcome)

    def _kept(self, region: Region, built: Releasable, version: LayerVersion) -> Release:
        """Take a version that is there for ours, since it is the same; another run may have made it."""
        if region.name not in self.outcome.releases.get(built.layer.id, {}):
            self.reporter.step(
                built.layer.title,
                f"published by another run meanwhile, unchanged: {version.arn}",
            )
        return self.outcome.record_release(built, region.name, version, Action.UNCHANGED)

    def _published(self, region: Region, built: Built, after: int) -> Release:
        title = built.layer.title
        clock = Clock(partial(self.reporter.progress, f"{title} in {region.name}"))
        clock.weigh(built.archive.weight.zip_bytes)
        with clock.step("publish"):
            done = exactly_once.publish(
                region.versions, built, after, lambda text: self.reporter.step(title, text)
            )
        version = done.version
        if done.exchanged:
            self.reporter.warn(discrepancies.exchanged_problem(built, done.exchanged))
        if version.sha256 != built.archive.sha256:
            raise discrepancies.wrong_bytes_error(built, version, _withdraw(region, built, version))
        release = self.outcome.record_release(built, region.name, version, Action.PUBLISHED)
        self.reporter.step(title, f"published {version.arn}")
        if built.architectures and not version.architectures:
            self.outcome.record_delivered(built, region.name, architectures_omitted=True)
            self.reporter.step(
                title, f"without its architectures: Lambda in {region.name} takes no word of them"
            )
        if done.duplicate:
            self.reporter.warn(discrepancies.duplicate_problem(built, version, done.duplicate))
        return release

    def note_missing(self, state: RegionState) -> None:
        """Note of all that is not in a region that something failed, there or elsewhere."""
        why = "another region failed, and nothing was written anywhere"
        if state.error:
            first = state.error.problems[0].headline
            why = f"not tried: {first}" if state.items else first
        for built, *_ in self.outcome.by_name().values():
            self.outcome.record_missing(built, state.region.name, why)

    def progress(self, states: Sequence[RegionState]) -> Problem:
        """Tell what a failed run did publish, and what is left for the next."""
        left = [
            where
            for built, *_ in self.outcome.by_name().values()
            for state in states
            if state.region.name not in self.outcome.releases.get(built.layer.id, {})
            and (where := _where(built, state.region)) not in self._unknown
        ]
        unknown = f"not known whether it was published: {', '.join(sorted(self._unknown))}"
        return Problem(
            message=f"published before that: {', '.join(self.outcome.published_arns()) or 'nothing'}",
            details=(
                f"not published: {', '.join(left) or 'nothing'}",
                *((unknown,) if self._unknown else ()),
            ),
            advice=("run it again: what is published stays as it is, the rest follows",),
        )


def _where(built: Releasable, region: Region) -> str:
    return f"{built.layer.key} in {region.name}"


def _withdraw(region: Region, built: Built, version: LayerVersion) -> str:
    """Delete a version that this run made of bytes that are not ours; gives what came of it.

    The newest version is what others take: it would stay so until the next publish.
    """
    if not version.sha256:
        return "it was not deleted: AWS did not say what it stored"
    try:
        region.versions.delete(built, version.version)
    except AwsError as error:
        facts = (detail for problem in error.problems for detail in problem.details)
        return f"it could not be deleted: {next(facts, str(error))}"
    return "it was deleted at once"
