"""A function ends up with its layers or with those it had, and it is known which: whatever happens."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.attach.update import FunctionUpdate, UpdateFailedError
from layer_builder.aws.retry import BACKOFFS, RetryState
from layer_builder.errors import AwsError, Failure, LimitError
from layer_builder.model.layer_version import FunctionState, LayerContent

OLD, NEW = ("old:1", "ours:1"), ("old:1", "ours:2")


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What becomes of an update: how it is answered, whether it happens, and what else does."""

    failure: Failure | None = None
    happens: bool = True
    fails: str = ""
    """Why AWS fails at it after having taken it."""
    meddled: bool = False
    """Whether somebody else sets the layers right before."""


def failed(failure: Failure) -> AwsError:
    error = AwsError.because(f"it is {failure}")
    error.failure = failure
    return error


@dataclass(kw_only=True)
class Aws:
    """One function; each update takes the next of the asks, those after them go well."""

    asks: Sequence[Ask] = ()
    blind_from: int = 99
    """The look from which on it cannot be read."""
    function: FunctionState = field(
        default_factory=lambda: FunctionState(
            name="f",
            runtime="python3.12",
            architecture="x86_64",
            is_image=False,
            layers=OLD,
            code=LayerContent(sha256="", size=1, location=""),
            revision="r0",
            failed="",
            is_settled=True,
        )
    )
    calls: int = 0
    looks: int = 0

    def settled(self, name: str) -> FunctionState:
        assert name == "f"
        self.looks += 1
        if self.looks >= self.blind_from:
            raise failed(Failure.DOUBT)
        return self.function

    def set_layers(self, function: FunctionState, layers: Sequence[str]) -> None:
        ask = self.asks[self.calls] if self.calls < len(self.asks) else Ask()
        self.calls += 1
        if ask.meddled:
            foreign = ("foreign:1",)
            self._set((*foreign, *(one for one in self.function.layers if one not in foreign)), "")
        if function.revision != self.function.revision:
            raise failed(Failure.BUSY)
        if ask.happens and ask.failure in {None, Failure.DOUBT}:
            self._set(tuple(layers), ask.fails)
        if ask.failure:
            raise failed(ask.failure)

    def _set(self, layers: tuple[str, ...], reason: str) -> None:
        revision = f"r{int(self.function.revision[1:]) + 1}"
        self.function = replace(self.function, layers=layers, failed=reason, revision=revision)

    @staticmethod
    def may_repeat(tally: RetryState, failure: Failure) -> bool:
        return tally.pause(failure, 0.5) is not None


def wanted(function: FunctionState) -> tuple[str, ...]:
    """Keep what others set, have ours in version 2."""
    return tuple("ours:2" if one.startswith("ours") else one for one in function.layers)


def fitting(aws: Aws) -> FunctionUpdate:
    return FunctionUpdate(functions=aws, function=aws.function)


@pytest.mark.parametrize(
    ("asks", "calls"),
    [
        ([Ask()], 1),
        ([Ask(failure=Failure.DOUBT)], 1),
        ([Ask(failure=Failure.DOUBT, happens=False)], 2),
        ([Ask(failure=Failure.THROTTLED), Ask(failure=Failure.UNSENT)], 3),
        ([Ask(failure=Failure.BUSY)] * 7, 8),
        # An update is seen to have happened even when patience is at its end.
        ([*[Ask(failure=Failure.DOUBT, happens=False)] * 4, Ask(failure=Failure.DOUBT)], 5),
    ],
)
def test_it_is_asked_for_until_the_function_has_its_layers(asks: list[Ask], calls: int) -> None:
    aws = Aws(asks=asks)
    one = fitting(aws)
    one.apply(wanted)
    assert one.has == aws.function.layers == NEW
    assert aws.calls == calls


def test_what_it_has_already_is_not_asked_for() -> None:
    aws = Aws()
    fitting(aws).apply(lambda _: OLD)
    assert (aws.calls, aws.looks) == (0, 0)


def test_what_others_set_meanwhile_is_kept() -> None:
    aws = Aws(asks=[Ask(meddled=True)])
    one = fitting(aws)
    one.apply(wanted)
    assert one.has == aws.function.layers == ("foreign:1", *NEW)


@pytest.mark.parametrize("failure", [f for f in Failure if f is not Failure.REFUSED])
def test_patience_ends(failure: Failure) -> None:
    aws = Aws(asks=[Ask(failure=failure, happens=False)] * 99)
    one = fitting(aws)
    with pytest.raises(AwsError) as raised:
        one.apply(wanted)
    assert aws.calls == BACKOFFS[failure].calls
    facts = one.explained(raised.value).problems[0].details
    assert facts == ("nothing has changed: it has the layers that it had",)


def test_whoever_is_undone_each_time_gives_up() -> None:
    class Undone(Aws):
        def settled(self, name: str) -> FunctionState:
            self.function = replace(self.function, layers=OLD)
            return super().settled(name)

    aws = Undone()
    with pytest.raises(AwsError, match="somebody else sets them"):
        fitting(aws).apply(wanted)
    assert aws.calls == 5


def test_a_refusal_is_final_and_nothing_is_read_anew() -> None:
    aws = Aws(asks=[Ask(failure=Failure.REFUSED, happens=False)])
    one = fitting(aws)
    with pytest.raises(AwsError):
        one.apply(wanted)
    assert (aws.calls, aws.looks, one.has) == (1, 0, OLD)


def test_what_cannot_be_read_afterwards_is_not_claimed() -> None:
    aws = Aws(asks=[Ask(failure=Failure.DOUBT)], blind_from=1)
    one = fitting(aws)
    with pytest.raises(AwsError) as raised:
        one.apply(wanted)
    assert one.has is None
    assert (
        "the layers it had, or the new ones" in one.explained(raised.value).problems[0].details[0]
    )


@pytest.mark.parametrize(
    ("asks", "has", "fact"),
    [
        ([Ask(fails="no room")], OLD, "its previous layers were put back"),
        ([Ask(fails="no room", failure=Failure.DOUBT)], OLD, "its previous layers were put back"),
        (
            [Ask(fails="no room"), Ask(fails="still none")],
            OLD,
            "AWS failed at that too: still none",
        ),
        ([Ask(fails="no room"), Ask(failure=Failure.REFUSED)], NEW, "could not be put back: it is"),
    ],
)
def test_an_update_that_aws_fails_at_is_undone(
    asks: list[Ask], has: tuple[str, ...], fact: str
) -> None:
    aws = Aws(asks=asks)
    one = fitting(aws)
    with pytest.raises(UpdateFailedError) as raised:
        one.apply(wanted)
    problem = one.rollback(raised.value).problems[0]
    assert problem.message == "AWS failed at the update with its new layers: no room"
    assert fact in problem.details[0]
    assert one.has == aws.function.layers == has


def test_what_is_decided_anew_may_be_refused_by_us() -> None:
    aws = Aws(asks=[Ask(failure=Failure.BUSY)])

    def decide(function: FunctionState) -> tuple[str, ...]:
        if aws.calls:
            raise LimitError.because("too large now")
        return wanted(function)

    one = fitting(aws)
    with pytest.raises(LimitError) as raised:
        one.apply(decide)
    assert one.explained(raised.value).problems[0].message == "too large now"


ASKS = st.builds(
    Ask,
    failure=st.sampled_from([None, *Failure]),
    happens=st.booleans(),
    fails=st.sampled_from(["", "", "no room"]),
    meddled=st.booleans(),
)


@given(asks=st.lists(ASKS, max_size=16), blind_from=st.sampled_from([1, 3, 6, 99, 99, 99]))
def test_whatever_happens_it_is_known_what_the_function_has(
    asks: list[Ask], blind_from: int
) -> None:
    aws = Aws(asks=asks, blind_from=blind_from)
    one = fitting(aws)
    try:
        one.apply(wanted)
    except UpdateFailedError as error:
        one.rollback(error)
    except AwsError as error:
        one.explained(error)
    else:
        assert "ours:2" in aws.function.layers
        assert aws.function.failed == "" or not aws.calls
    # A meddler who came right before a refusal is seen by the next run only.
    if one.has is not None and one.has != aws.function.layers:
        last = asks[aws.calls - 1]
        assert last.meddled
        assert last.failure is Failure.REFUSED
    assert aws.calls <= len(asks) + 2
