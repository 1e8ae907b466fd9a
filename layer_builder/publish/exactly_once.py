"""Certainty: a layer version is published once, whatever became of the answer.

AWS offers no conditional publish and no idempotency token: two publishes of the same bytes are
two versions. So a publish without a clear answer is looked for before it is tried again.
https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from layer_builder.aws.api import VersionsApi
from layer_builder.aws.retry import LOOK_DELAYS, RetryState
from layer_builder.errors import AwsError, Failure, Problem
from layer_builder.model.build import Built
from layer_builder.model.release import LayerVersion


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A version, and how it came to be ours."""

    version: LayerVersion
    duplicate: LayerVersion | None = None
    """A second version of the same, which a try without an answer left behind late."""


def publish(
    versions: VersionsApi, built: Built, after: int, say: Callable[[str], None]
) -> Publication:
    """Publish a layer exactly once, where its newest version was `after` (0 for none).

    Raises AwsError when AWS refuses, when patience is at its end, or when it cannot be seen
    whether it happened.
    """
    tally = RetryState()
    while True:
        try:
            version = versions.publish(built)
        except AwsError as error:
            doubtful = error.failure is Failure.DOUBT
            found = _look(versions, built, after, error, say) if doubtful else None
            if found is None and not versions.may_repeat(tally, error.failure):
                raise _given_up(error, tally) from error
            if found is None and tally.failed[Failure.DOUBT]:
                # The last look before the next try; an earlier one may have happened late.
                found = _seen(versions, built, after, error)
            if found:
                say(f"it happened: {found.arn}")
                return Publication(version=found)
            continue
        if not tally.failed[Failure.DOUBT]:
            return Publication(version=version)
        return _first(versions, built, after, version)


def _look(
    versions: VersionsApi, built: Built, after: int, error: AwsError, say: Callable[[str], None]
) -> LayerVersion | None:
    """Look whether a publish without a clear answer happened."""
    fact = next((d for problem in error.problems for d in problem.details), str(error))
    say(f"no clear answer from {versions.region} ({fact}); looking whether it happened")
    for seconds in LOOK_DELAYS:
        versions.wait(seconds)
        if found := _seen(versions, built, after, error):
            return found
    return None


def _seen(versions: VersionsApi, built: Built, after: int, error: AwsError) -> LayerVersion | None:
    try:
        return next((v for v in versions.newer(built, after) if v.holds(built)), None)
    except AwsError as trouble:
        raise _unknown(error, trouble, built) from trouble


def _first(versions: VersionsApi, built: Built, after: int, made: LayerVersion) -> Publication:
    """Find whether an earlier try happened after all, too late for the looks at it."""
    try:
        same = [v for v in versions.newer(built, after) if v.holds(built) and v.arn != made.arn]
    except AwsError:
        # What was made is made; a twin would be seen in the list of versions.
        return Publication(version=made)
    duplicate = min(same, key=lambda version: version.version, default=None)
    return Publication(version=made, duplicate=duplicate)


def _given_up(error: AwsError, tally: RetryState) -> AwsError:
    """Say how often it was tried."""
    calls = tally.failed.total()
    if calls == 1:
        return error
    first, *rest = error.problems
    doubts = tally.failed[Failure.DOUBT]
    looked = f"; looked {len(LOOK_DELAYS)} times after each: it did not happen" if doubts else ""
    details = (*first.details, f"tried {calls} times{looked}")
    return error.with_problems(replace(first, details=details), *rest)


def _unknown(error: AwsError, trouble: AwsError, built: Built) -> AwsError:
    """Say that nobody knows, and what settles it."""
    details = [
        detail for problem in (*error.problems, *trouble.problems) for detail in problem.details
    ]
    problem = Problem(
        message="it is not known whether it was published: neither an answer came, nor could the"
        " versions be read",
        layer=built.layer.key,
        details=tuple(details),
        advice=("run it again: if it was published, that is seen, and it is not published twice",),
    )
    return AwsError(problem, failure=Failure.DOUBT, is_unknown=True)
