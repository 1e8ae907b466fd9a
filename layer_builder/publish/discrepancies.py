"""Versions on AWS that hold what they should not: said in which, how that is known, and what to do."""

from layer_builder.errors import AwsError, Problem
from layer_builder.model import Built, LayerVersion, LayerVersionArn


def exchanged_letter(exchanged: LayerVersion) -> tuple[str, str]:
    """Say what a version is that has this run's stamp and bytes of another, and what to do."""
    name = LayerVersionArn.parse(exchanged.arn).layer.rpartition(":")[2]
    return (
        f"{exchanged.arn} has this run's stamp and other bytes: sha256 {exchanged.sha256}",
        "do not use that version: aws lambda delete-layer-version"
        f" --layer-name {name} --version-number {exchanged.version}",
    )


def wrong_bytes_error(built: Built, version: LayerVersion, then: str) -> AwsError:
    """Say that AWS stored other bytes than were sent; `then` is what became of the version."""
    return AwsError.because(
        f"AWS stored other bytes than were sent: {version.arn}",
        layer=built.layer.key,
        details=(
            f"sent sha256 {built.archive.sha256}",
            f"stored {version.sha256 or '(none)'}",
            then,
        ),
        advice=(
            "find out who else can write to the bucket; publish again",
            "as long as that version is there, do not use it: aws lambda delete-layer-version"
            f" --layer-name {built.layer.name} --version-number {version.version}",
        ),
    )


def other_bytes_problem(built: Built, version: LayerVersion) -> Problem:
    """Say that a build gave other bytes than a version that was made from the same."""
    return Problem(
        message=f"built other bytes than {version.arn} has, whose stamp says it was made from the same",
        layer=built.layer.key,
        place=built.layer.place,
        details=(
            f"built now: sha256 {built.archive.sha256}",
            f"on AWS:    sha256 {version.sha256 or '(none)'}",
        ),
        advice=(
            "a new version is published; of the older one find out where it came from",
            "or the build gives other bytes each time: a backend of `build:` may, and compiled code",
        ),
    )


def exchanged_problem(built: Built, exchanged: LayerVersion) -> Problem:
    """Say that a version of this run has bytes of another, though the run has a good one besides."""
    stored, remove = exchanged_letter(exchanged)
    return Problem(
        message=stored,
        layer=built.layer.key,
        details=("a try without an answer published it of an object that was another meanwhile",),
        advice=(remove, "find out who else can write to the bucket"),
    )


def duplicate_problem(built: Built, version: LayerVersion, duplicate: LayerVersion) -> Problem:
    """Say that a second version of the same is there."""
    return Problem(
        message=f"published twice: {duplicate.arn} has the same content as {version.arn}",
        layer=built.layer.key,
        details=("a publish without an answer happened after all, after it was looked for",),
        advice=(f"nothing uses {duplicate.arn}: it may be deleted",),
    )
