"""Publishing once: a layer version is published once, whatever became of the answer.

AWS offers no conditional publish and no idempotency token: two publishes of the same bytes are
two versions. So a publish without a clear answer is looked for before it is tried again.
https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

from layer_builder.aws import LOOK_DELAYS, RetryState, VersionsApi
from layer_builder.errors import AwsError, Failure, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Built, LayerVersion
from layer_builder.publish.discrepancies import exchanged_letter


@dataclass(frozen=True, kw_only=True)
class Publication:
    """A version, and how it came to be ours."""

    version: LayerVersion
    duplicate: LayerVersion | None = None
    """A second version of the same, which a try without an answer left behind late."""
    exchanged: LayerVersion | None = None
    """What such a try published of an object that was another meanwhile."""


def publish(
    versions: VersionsApi, built: Built, after: int, say: Callable[[str], None]
) -> Publication:
    """Publish a layer exactly once, where its newest version was `after` (0 for none).

    Raises AwsError when AWS refuses, when patience is at its end, or when it cannot be seen
    whether it happened.
    """
    state = RetryState()
    while True:
        try:
            version = versions.publish(built)
        except AwsError as error:
            doubtful = error.failure is Failure.DOUBT
            earlier = _search(versions, built, after, error, say) if doubtful else None
            repeats = earlier is None and versions.may_repeat(state, error.failure)
            if earlier is None and state.failed[Failure.DOUBT] and (repeats or not doubtful):
                # The last look before the next try, or before giving up; an earlier try may have
                # happened late.
                earlier = _search_once(versions, built, after, error)
            if earlier:
                say(f"it happened: {earlier.arn}")
                return Publication(version=earlier)
            if not repeats:
                lost = state.failed[Failure.DOUBT] and _look_for_exchanged(versions, built, after)
                raise _given_up(error, state, lost or None) from error
            continue
        if not state.failed[Failure.DOUBT]:
            return Publication(version=version)
        return _with_duplicate(versions, built, after, version)


def _search(
    versions: VersionsApi, built: Built, after: int, error: AwsError, say: Callable[[str], None]
) -> LayerVersion | None:
    """Look whether a publish without a clear answer happened."""
    fact = next((d for problem in error.problems for d in problem.details), str(error))
    say(f"no clear answer from {versions.region} ({fact}); looking whether it happened")
    for seconds in LOOK_DELAYS:
        versions.wait(seconds)
        if version := _search_once(versions, built, after, error):
            return version
    return None


def _search_once(
    versions: VersionsApi, built: Built, after: int, error: AwsError
) -> LayerVersion | None:
    try:
        return next((v for v in versions.newer(built, after) if v.holds(built)), None)
    except AwsError as read_error:
        raise _unknown(error, read_error, built) from read_error


def _with_duplicate(
    versions: VersionsApi, built: Built, after: int, published: LayerVersion
) -> Publication:
    """Find whether an earlier try happened after all, too late for the looks at it."""
    try:
        others = [v for v in versions.newer(built, after) if v.arn != published.arn]
    except AwsError:
        # What is published is published; a duplicate would be seen in the list of versions.
        return Publication(version=published)
    same = [version for version in others if version.holds(built)]
    duplicate = min(same, key=lambda version: version.version, default=None)
    return Publication(version=published, duplicate=duplicate, exchanged=_exchanged(others, built))


def _look_for_exchanged(versions: VersionsApi, built: Built, after: int) -> LayerVersion | None:
    try:
        return _exchanged(versions.newer(built, after), built)
    except AwsError:
        return None


def _exchanged(newer: Iterable[LayerVersion], built: Built) -> LayerVersion | None:
    """Find what a try without an answer published where the object was another meanwhile.

    It goes by the stamp that this run gives to an object that nobody pinned.
    """
    ours = built.stamp.unproven if built.stamp else None
    digest = built.archive.sha256
    return next((v for v in newer if ours and v.stamp == ours and v.sha256 != digest), None)


def _given_up(error: AwsError, state: RetryState, exchanged: LayerVersion | None) -> AwsError:
    """Say how often it was tried, and what came of it that is not ours."""
    calls = state.failed.total()
    if calls == 1:
        return error
    first, *rest = error.problems
    doubts = state.failed[Failure.DOUBT]
    looked = f"; looked {len(LOOK_DELAYS)} times after each: it did not happen" if doubts else ""
    details, advice = (*first.details, f"tried {calls} times{looked}"), first.advice
    if exchanged:
        stored, remove = exchanged_letter(exchanged)
        details, advice = (*details, stored), (*advice, remove)
    return error.with_problems(replace(first, details=details, advice=advice), *rest)


def _unknown(error: AwsError, read_error: AwsError, built: Built) -> AwsError:
    """Say that nobody knows, and what settles it."""
    details = [
        detail for problem in (*error.problems, *read_error.problems) for detail in problem.details
    ]
    problem = Problem(
        message="it is not known whether it was published: neither an answer came, nor could the"
        " versions be read",
        layer=built.layer.key,
        details=tuple(details),
        advice=("run it again: if it was published, that is seen, and it is not published twice",),
    )
    return AwsError(problem, failure=Failure.DOUBT, is_unknown=True)
