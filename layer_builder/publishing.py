"""Publishes finished layers: reads what is there first, then writes only what is new."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from layer_builder import certainty, threads
from layer_builder.building import Voice
from layer_builder.clock import now
from layer_builder.delivery import Mode
from layer_builder.errors import (
    AwsError,
    LayerBuilderError,
    LimitError,
    ManifestError,
    Problem,
)
from layer_builder.layer import Action, Built, Release
from layer_builder.layer_versions import LayerVersion
from layer_builder.outcome import Outcome

_AT_ONCE = 8
"""Layers of one region that are published at the same time."""

_FRESH_SECONDS = 2.0

_noting = threading.Lock()
"""Held by whoever writes into the outcome: regions and layers do so at the same time."""


class Region(certainty.Versions, Protocol):
    """Lambda in one region."""

    def check_bucket(self, *, for_reference: bool) -> None:
        """Raise what is wrong with the bucket, before anything is built."""

    def newest(self, built: Built) -> LayerVersion | None:
        """Read the newest version of a layer."""

    def check(self, built: Built) -> None:
        """Raise what would stop this layer, before anything is written."""

    def stage(self, built: Built) -> None:
        """Put the zip where AWS reads it, if it does not go into the request."""

    def unstage(self, built: Built) -> bool:
        """Remove the zip again, if that is wanted; tells whether it was there."""


Connect = Callable[[str], Region]
"""Opens a region; raises AwsError where that is impossible."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What was there of a layer before anything was written."""

    built: Built
    newest: LayerVersion | None
    seen: float
    """When, by the clock."""

    @property
    def is_same(self) -> bool:
        """Whether publishing would change nothing."""
        return self.newest is not None and self.newest.holds(self.built)

    @property
    def number(self) -> int:
        """The newest version's number, 0 for none."""
        return self.newest.version if self.newest else 0


@dataclass(kw_only=True)
class Survey:
    """What was there in a region, and what is left to do."""

    region: Region
    found: list[Finding] = field(default_factory=list)
    """Of every layer; nothing when something failed."""
    seconds: float = 0.0
    error: LayerBuilderError | None = None

    @property
    def new(self) -> list[Finding]:
        """What is to be published."""
        return [finding for finding in self.found if not finding.is_same]

    def is_stale(self, finding: Finding) -> bool:
        """Tell whether to look again before writing: another run may have published meanwhile.

        A look costs one of the 15 requests a second that AWS takes, so that a survey that took
        long stays fresh for longer.
        """
        return now() - finding.seen > max(_FRESH_SECONDS, 2 * self.seconds)


Held = dict[str, LayerBuilderError]
"""Errors of regions that are told at the end, by region."""


def prepare(outcome: Outcome, regions: Sequence[Region], voice: Voice) -> Held:
    """Check the buckets before anything is built; gives what is wrong with some of the regions.

    Raises what is wrong with all of them, and ManifestError where a layer needs a bucket and
    there is none.
    """
    inputs = outcome.inputs
    by_reference = [layer for layer in outcome.layers if layer.delivery.mode is Mode.REFERENCE]
    if by_reference and not inputs.s3_bucket:
        raise ManifestError(
            *(
                Problem(
                    message="s3: {mode: reference} needs a bucket that Lambda can refer to",
                    layer=layer.key,
                    place=layer.place,
                    advice=("set the input s3-bucket",),
                )
                for layer in by_reference
            )
        )

    def check(region: Region) -> LayerBuilderError | None:
        try:
            region.check_bucket(for_reference=bool(by_reference))
        except LayerBuilderError as error:
            return error
        return None

    found = zip(regions, threads.each(check, regions, len(regions)), strict=True)
    held = {region.region: error for region, error in found if error}
    if held and len(held) == len(regions):
        raise merged(list(held.values()))
    for region, error in held.items():
        voice.step(region, f"nothing will be published here: {error.problems[0].message}")
    return held


def publish(outcome: Outcome, regions: Sequence[Region], voice: Voice, held: Held) -> None:
    """Publish what changed, everywhere, all regions at the same time.

    All reads and checks come before the first write. A region in which something fails does not
    stop the others. Raises at the end with the errors of all regions; the outcome then holds what
    was published, and why the rest was not.
    """
    layers = [built for built, *_ in outcome.by_name().values()]
    surveys = threads.each(lambda region: _survey(region, layers, held), regions, len(regions))
    for survey in surveys:
        _tell(outcome, survey, voice)
    over = [survey for survey in surveys if isinstance(survey.error, LimitError)]
    writes = not (over or outcome.inputs.dry_run or all(survey.error for survey in surveys))
    if writes:
        _write_all(outcome, surveys, voice)
    _raise_all(outcome, surveys, over, wrote=writes)


def _survey(region: Region, layers: Sequence[Built], held: Held) -> Survey:
    """Compare each layer with its newest version, and check those that are not unchanged."""
    survey = Survey(region=region, error=held.get(region.region))
    if survey.error:
        return survey
    start = now()

    def find(built: Built) -> Finding:
        return Finding(built=built, newest=region.newest(built), seen=now())

    try:
        found = threads.each(find, layers, _AT_ONCE)
        threads.each(region.check, [item.built for item in found if not item.is_same], _AT_ONCE)
    except LayerBuilderError as error:
        survey.error = error
    else:
        survey.found = found
    survey.seconds = now() - start
    return survey


def _tell(outcome: Outcome, survey: Survey, voice: Voice) -> None:
    """Say and note what is unchanged, and what is to be published."""
    region = survey.region.region
    for finding in survey.found:
        built = finding.built
        if finding.newest and finding.is_same:
            _record(outcome, built, survey.region, finding.newest, Action.UNCHANGED)
            voice.step(built.layer.title, f"unchanged in {region}: {finding.newest.arn}")
            continue
        outcome.to_publish.setdefault(built.layer.id, []).append(region)
        if outcome.inputs.dry_run:
            after = f"after {finding.newest.arn}" if finding.newest else "as its first version"
            voice.step(
                built.layer.title, f"would be published to {region} as {built.layer.name}, {after}"
            )


def _write_all(outcome: Outcome, surveys: Sequence[Survey], voice: Voice) -> None:
    interrupted = threading.Event()
    try:
        threads.each(
            lambda survey: _write(outcome, survey, voice, interrupted), surveys, len(surveys)
        )
    finally:
        interrupted.set()


def _write(outcome: Outcome, survey: Survey, voice: Voice, interrupted: threading.Event) -> None:
    """Publish what is new in a region.

    The first goes alone: what AWS refuses for all of them is asked for once. After an error
    nothing new is begun; what is on its way is seen to its end.
    """
    errors: dict[str, LayerBuilderError] = {}

    def write(finding: Finding) -> None:
        if errors or interrupted.is_set():
            return
        try:
            _publish_one(outcome, survey, finding, voice)
        except LayerBuilderError as error:
            errors[finding.built.layer.id] = error

    first, rest = survey.new[:1], survey.new[1:]
    threads.each(write, first, 1)
    threads.each(write, rest, _AT_ONCE)
    for finding in survey.new:
        layer_id = finding.built.layer.id
        if layer_id in errors:
            why = errors[layer_id].problems[0].message
            with _noting:
                outcome.note_missing(finding.built, survey.region.region, why)
    if errors:
        survey.error = merged(list(errors.values()))


def _publish_one(outcome: Outcome, survey: Survey, finding: Finding, voice: Voice) -> None:
    built, region = finding.built, survey.region
    region.stage(built)
    number = finding.number
    if survey.is_stale(finding):
        newest = region.newest(built)
        number = newest.version if newest else 0
        if newest and newest.holds(built):
            _record(outcome, built, region, newest, Action.UNCHANGED)
            voice.step(
                built.layer.title, f"published by another run meanwhile, unchanged: {newest.arn}"
            )
            return
    done = certainty.publish(
        region, built, number, lambda text: voice.step(built.layer.title, text)
    )
    version = done.version
    if version.sha256 != built.archive.sha256:
        raise AwsError.because(
            f"AWS stored other bytes than were sent: {version.arn}",
            layer=built.layer.key,
            details=(f"sent sha256 {built.archive.sha256}", f"stored {version.sha256 or '(none)'}"),
            advice=("do not use that version; publish again",),
        )
    _record(outcome, built, region, version, Action.PUBLISHED)
    voice.step(built.layer.title, f"published {version.arn}")
    if done.twin:
        voice.warn(_twice(built, version, done.twin))


def _twice(built: Built, version: LayerVersion, twin: LayerVersion) -> Problem:
    return Problem(
        message=f"published twice: {twin.arn} has the same content as {version.arn}",
        layer=built.layer.key,
        details=("a publish without an answer happened after all, after it was looked for",),
        advice=(f"nothing uses {twin.arn}: it may be deleted",),
    )


def _raise_all(
    outcome: Outcome, surveys: Sequence[Survey], over: Sequence[Survey], *, wrote: bool
) -> None:
    """Raise the errors of all regions, with what was done nevertheless."""
    failed = over or [survey for survey in surveys if survey.error]
    if not failed:
        return
    for survey in surveys:
        region = survey.region.region
        why = (
            "something failed before it in this region" if survey.error else "another region failed"
        )
        for built, *_ in outcome.by_name().values():
            outcome.note_missing(built, region, why)
    error = merged([survey.error for survey in failed if survey.error])
    progress = [_progress(outcome, surveys)] if wrote else []
    raise type(error)(*error.problems, *progress)


def merged(errors: Sequence[LayerBuilderError]) -> LayerBuilderError:
    """Make one error of several, with each problem once."""
    problems = dict.fromkeys(problem for error in errors for problem in error.problems)
    return type(errors[0])(*problems)


def _progress(outcome: Outcome, surveys: Sequence[Survey]) -> Problem:
    """Tell what a failed run did publish, and what is left for the next."""
    done = [
        release.arn
        for releases in outcome.releases.values()
        for release in releases.values()
        if release.action is Action.PUBLISHED
    ]
    left = [
        f"{built.layer.key} in {survey.region.region}"
        for built, *_ in outcome.by_name().values()
        for survey in surveys
        if survey.region.region not in outcome.releases.get(built.layer.id, {})
    ]
    return Problem(
        message=f"published before that: {', '.join(done) or 'nothing'}",
        details=(f"not published: {', '.join(left)}",),
        advice=("run it again: what is published stays as it is, the rest follows",),
    )


def _record(
    outcome: Outcome, built: Built, region: Region, version: LayerVersion, action: Action
) -> None:
    release = Release(region=region.region, arn=version.arn, version=version.version, action=action)
    with _noting:
        outcome.note(built, release)
