"""One publish, one version: whatever is answered, and whenever what happened comes to light."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.aws.retry import BACKOFFS, LOOK_DELAYS, RetryState
from layer_builder.errors import AwsError, Failure
from layer_builder.model.build import Built
from layer_builder.model.layer_version import LayerVersion
from layer_builder.model.stamp import Stamp
from layer_builder.publish import exactly_once

AFTER = 7


@dataclass(frozen=True, kw_only=True)
class Try:
    """What becomes of a publish: how it fails, if it does, and whether it happens."""

    failure: Failure | None = None
    happens: bool = False
    unseen: int = 0
    """Looks that do not see it yet."""


def failed(failure: Failure) -> AwsError:
    error = AwsError.because(f"it is {failure}", details=("a fact",))
    error.failure = failure
    return error


@dataclass(kw_only=True)
class Aws:
    """The versions of one layer; each publish takes the next of the tries, the last for good."""

    region: str = "eu-west-1"
    tries: Sequence[Try]
    blind: bool = False
    """Whether versions cannot be read."""
    made: list[tuple[LayerVersion, int]] = field(default_factory=list)
    """Each with the number of the look that sees it first."""
    calls: int = 0
    looks: int = 0
    waits: list[float] = field(default_factory=list)

    def publish(self, built: Built) -> LayerVersion:
        now = self.tries[min(self.calls, len(self.tries) - 1)]
        self.calls += 1
        version = self.version(built)
        if now.happens:
            self.made.append((version, self.looks + now.unseen))
        if now.failure:
            raise failed(now.failure)
        return version

    def version(self, built: Built, sha256: str = "") -> LayerVersion:
        number = AFTER + 1 + len(self.made)
        return LayerVersion(
            arn=f"arn:aws:lambda:eu-west-1:123456789012:layer:core:{number}",
            version=number,
            sha256=sha256 or built.archive.sha256,
            runtimes=frozenset({"python3.12"}),
            architectures=frozenset({"x86_64"}),
            description="",
            license="",
        )

    def newer(self, built: Built, than: int) -> Iterator[LayerVersion]:
        assert (built.layer.key, than) == ("core", AFTER)
        if self.blind:
            raise failed(Failure.DOUBT)
        self.looks += 1
        yield from (v for v, first in reversed(self.made) if first < self.looks)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)

    def may_repeat(self, tally: RetryState, failure: Failure) -> bool:
        return tally.pause(failure, 1.0) is not None


def silent(_: str) -> None:
    pass


DOUBTS = st.builds(
    Try,
    failure=st.just(Failure.DOUBT),
    happens=st.booleans(),
    unseen=st.integers(0, len(LOOK_DELAYS)),
)
ANSWERS = st.one_of(
    DOUBTS,
    st.sampled_from([Failure.UNSENT, Failure.THROTTLED]).map(lambda failure: Try(failure=failure)),
)
LAST = st.one_of(
    st.just(Try(happens=True)),
    st.sampled_from([*BACKOFFS]).map(lambda failure: Try(failure=failure)),
)


@given(answers=st.lists(ANSWERS, max_size=12), last=LAST)
def test_what_comes_to_light_within_the_looks_is_published_once(
    built: Callable[..., Built], answers: list[Try], last: Try
) -> None:
    aws = Aws(tries=[*answers, last])
    try:
        done = exactly_once.publish(aws, built(), AFTER, silent)
    except AwsError:
        hidden = [version for version, first in aws.made if first < aws.looks]
        assert hidden == []
        assert aws.calls <= sum(policy.calls for policy in BACKOFFS.values())
    else:
        assert [version for version, _ in aws.made] == [done.version]
        assert done.duplicate is None


@pytest.mark.parametrize("failure", Failure)
def test_each_failure_is_tried_again_as_often_as_its_policy_says(
    built: Callable[..., Built], failure: Failure
) -> None:
    aws = Aws(tries=[Try(failure=failure)])
    with pytest.raises(AwsError) as raised:
        exactly_once.publish(aws, built(), AFTER, silent)
    assert aws.calls == BACKOFFS[failure].calls
    facts = raised.value.problems[0].details
    tried = [] if aws.calls == 1 else [f"tried {aws.calls} times"]
    assert [fact.partition(";")[0] for fact in facts] == ["a fact", *tried]
    assert raised.value.failure is failure


def test_looks_are_waited_for(built: Callable[..., Built]) -> None:
    aws = Aws(tries=[Try(failure=Failure.DOUBT, happens=True, unseen=3)])
    said: list[str] = []
    done = exactly_once.publish(aws, built(), AFTER, said.append)
    assert aws.waits == [0.0, 1.0, 2.0, 4.0]
    assert said == [
        "no clear answer from eu-west-1 (a fact); looking whether it happened",
        f"it happened: {done.version.arn}",
    ]


def test_other_content_is_not_taken_for_ours(built: Callable[..., Built]) -> None:
    aws = Aws(tries=[Try(failure=Failure.DOUBT), Try(happens=True)])
    aws.made.append((aws.version(built(), sha256="00" * 32), 0))
    aws.made.append((replace(aws.version(built()), description="other"), 0))
    done = exactly_once.publish(aws, built(), AFTER, silent)
    assert done.version.version == AFTER + 3


def test_a_version_that_comes_to_light_after_all_looks_is_told_of(
    built: Callable[..., Built],
) -> None:
    late = Try(failure=Failure.DOUBT, happens=True, unseen=len(LOOK_DELAYS) + 1)
    aws = Aws(tries=[late, Try(happens=True)])
    done = exactly_once.publish(aws, built(), AFTER, silent)
    assert done.duplicate
    assert (done.version.version, done.duplicate.version) == (AFTER + 2, AFTER + 1)


def test_bytes_that_another_exchanged_are_told_of_though_the_next_try_is_good(
    built: Callable[..., Built],
) -> None:
    stamp = Stamp(key="k" * 22, owner="octo-org/a:layers.yml")
    ours = replace(built(), stamp=stamp)
    aws = Aws(tries=[Try(failure=Failure.DOUBT), Try(happens=True)])
    theirs = replace(aws.version(ours, sha256="00" * 32), description=stamp.write(""))
    aws.made.append((theirs, 0))
    done = exactly_once.publish(aws, ours, AFTER, silent)
    assert (done.version.version, done.duplicate) == (AFTER + 2, None)
    assert done.exchanged == theirs


def test_what_nobody_can_see_is_said_to_be_unknown(built: Callable[..., Built]) -> None:
    aws = Aws(tries=[Try(failure=Failure.DOUBT, happens=True)], blind=True)
    with pytest.raises(AwsError, match="it is not known whether it was published") as raised:
        exactly_once.publish(aws, built(), AFTER, silent)
    assert (aws.calls, raised.value.failure) == (1, Failure.DOUBT)


def test_a_version_that_was_made_is_ours_though_twins_cannot_be_looked_for(
    built: Callable[..., Built],
) -> None:
    class Blinded(Aws):
        def publish(self, built: Built) -> LayerVersion:
            version = super().publish(built)
            self.blind = True
            return version

    aws = Blinded(tries=[Try(failure=Failure.DOUBT), Try(happens=True)])
    assert exactly_once.publish(aws, built(), AFTER, silent).version.version == AFTER + 1


def test_a_refusal_after_a_doubt_ends_with_one_more_look(built: Callable[..., Built]) -> None:
    """The try without an answer may have happened late, and then it is published."""
    late = Try(failure=Failure.DOUBT, happens=True, unseen=len(LOOK_DELAYS) + 1)
    aws = Aws(tries=[late, Try(failure=Failure.REFUSED)])
    done = exactly_once.publish(aws, built(), AFTER, silent)
    assert (aws.calls, done.version.version) == (2, AFTER + 1)
