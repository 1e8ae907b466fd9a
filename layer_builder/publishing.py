"""Publishes finished layers: reads what is there first, then writes only what is new."""

from collections.abc import Callable, Sequence
from typing import Protocol

from layer_builder.building import Voice
from layer_builder.errors import AwsError, LayerBuilderError, Problem
from layer_builder.layer import Action, Built, Release
from layer_builder.layer_versions import LayerVersion
from layer_builder.outcome import Outcome


class Region(Protocol):
    """Lambda in one region."""

    region: str

    def newest(self, built: Built) -> LayerVersion | None:
        """Read the newest version of a layer."""

    def check(self, built: Built) -> None:
        """Raise what would stop this layer, before anything is written."""

    def publish(self, built: Built) -> LayerVersion:
        """Publish a new version."""


Connect = Callable[[str], Region]
"""Opens a region; raises AwsError where that is impossible."""


def publish(outcome: Outcome, regions: Sequence[Region], voice: Voice) -> None:
    """Publish what changed, everywhere; the outcome tells what was done.

    All reads and checks come before the first write. Raises after the first failed write, with
    the outcome holding what was published until then.
    """
    survey(outcome, regions, voice)
    if outcome.inputs.dry_run:
        return
    for region in regions:
        for built, *_ in outcome.by_name().values():
            if region.region in outcome.to_publish.get(built.layer.id, []):
                _publish_one(outcome, region, built, voice)


def survey(outcome: Outcome, regions: Sequence[Region], voice: Voice) -> None:
    """Compare each layer with its newest version; note the unchanged ones and check the others."""
    for region in regions:
        for built, *_ in outcome.by_name().values():
            newest = region.newest(built)
            if newest and newest.holds(built):
                _record(outcome, built, region, newest, Action.UNCHANGED)
                voice.step(built.layer.title, f"unchanged in {region.region}: {newest.arn}")
                continue
            region.check(built)
            outcome.to_publish.setdefault(built.layer.id, []).append(region.region)
            if outcome.inputs.dry_run:
                after = f"after {newest.arn}" if newest else "as its first version"
                voice.step(
                    built.layer.title,
                    f"would be published to {region.region} as {built.layer.name}, {after}",
                )


def _publish_one(outcome: Outcome, region: Region, built: Built, voice: Voice) -> None:
    try:
        version = region.publish(built)
    except LayerBuilderError as error:
        raise type(error)(*error.problems, _progress(outcome)) from error
    if version.sha256 != built.archive.sha256:
        raise AwsError.because(
            f"AWS stored other bytes than were sent: {version.arn}",
            layer=built.layer.key,
            details=(f"sent sha256 {built.archive.sha256}", f"stored {version.sha256 or '(none)'}"),
            advice=("do not use that version; publish again",),
        )
    _record(outcome, built, region, version, Action.PUBLISHED)
    voice.step(built.layer.title, f"published {version.arn}")


def _progress(outcome: Outcome) -> Problem:
    """Tell what a failed run did publish, and what is left for the next."""
    done = [
        release.arn
        for releases in outcome.releases.values()
        for release in releases.values()
        if release.action is Action.PUBLISHED
    ]
    left = [
        f"{outcome.built[layer_id].layer.key} in {region}"
        for layer_id, regions in outcome.to_publish.items()
        for region in regions
        if region not in outcome.releases.get(layer_id, {})
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
    for member in outcome.by_name()[built.layer.name]:
        outcome.releases.setdefault(member.layer.id, {})[region.region] = release
