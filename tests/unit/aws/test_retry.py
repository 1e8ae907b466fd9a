"""What failures mean, how long to wait, how fast to call."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.aws.retry import BACKOFFS, CALLS_PER_SECOND, RateLimit, RetryState, classify
from layer_builder.errors import Failure

AWS_PER_SECOND = 15


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (429, "TooManyRequestsException", Failure.THROTTLED),
        (429, "", Failure.THROTTLED),
        (400, "ThrottlingException", Failure.THROTTLED),
        (502, "EC2ThrottledException", Failure.THROTTLED),
        (503, "SlowDown", Failure.THROTTLED),
        (500, "ServiceException", Failure.DOUBT),
        (503, "", Failure.DOUBT),
        (504, "504", Failure.DOUBT),
        (400, "RequestTimeout", Failure.DOUBT),
        (408, "", Failure.DOUBT),
        (200, "InternalError", Failure.DOUBT),
        (0, "", Failure.DOUBT),
        (400, "InvalidParameterValueException", Failure.REFUSED),
        (400, "CodeStorageExceededException", Failure.REFUSED),
        (403, "AccessDeniedException", Failure.REFUSED),
        (403, "ExpiredTokenException", Failure.REFUSED),
        (404, "ResourceNotFoundException", Failure.REFUSED),
        (409, "ResourceConflictException", Failure.REFUSED),
        (413, "RequestEntityTooLargeException", Failure.REFUSED),
        (301, "PermanentRedirect", Failure.REFUSED),
    ],
)
def test_an_answer_says_whether_it_happened(status: int, code: str, meaning: Failure) -> None:
    assert classify(status, code) is meaning


@pytest.mark.parametrize(
    ("failure", "pauses"),
    [
        (Failure.UNSENT, [0.5, 1, 2, 4, 8, None]),
        (Failure.THROTTLED, [1, 2, 4, 8, *[10] * 35, None]),
        (Failure.DOUBT, [1, 2, 4, 8, None]),
        (Failure.REFUSED, [None]),
    ],
)
def test_waits_double_up_to_a_cap_and_end(failure: Failure, pauses: list[float | None]) -> None:
    tally = RetryState()
    assert [tally.pause(failure, 1.0) for _ in pauses] == pauses


@given(failure=st.sampled_from([*BACKOFFS]), failed=st.integers(1, 50), jitter=st.floats(0, 1))
def test_all_of_a_wait_is_jitter(failure: Failure, failed: int, jitter: float) -> None:
    policy = BACKOFFS[failure]
    longest = policy.pause(failed, 1.0)
    pause = policy.pause(failed, jitter)
    assert pause == (None if longest is None else pytest.approx(jitter * longest))


def test_each_meaning_has_a_patience_of_its_own() -> None:
    tally = RetryState()
    for _ in range(10):
        assert tally.pause(Failure.THROTTLED, 0.5) is not None
    assert tally.pause(Failure.DOUBT, 1.0) == 1


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=80))
def test_no_second_sees_more_calls_than_aws_takes(gaps: list[float]) -> None:
    pace, now, sent = RateLimit(), 0.0, []
    for gap in gaps:
        now += gap
        sent.append(now + pace.slot(now))
    assert all(early <= late for early, late in pairwise(sent))
    for start in sent:
        assert sum(start <= moment < start + 0.999 for moment in sent) <= AWS_PER_SECOND


def test_throttling_slows_once_for_all_that_were_on_their_way_and_success_speeds_up_again() -> None:
    pace = RateLimit()
    for moment in (1.0, 1.1, 1.9):
        pace.slower(moment)
    assert pace.rate == pytest.approx(CALLS_PER_SECOND * 0.7)
    pace.slower(2.1)
    assert pace.rate == pytest.approx(CALLS_PER_SECOND * 0.49)
    for _ in range(1000):
        pace.faster()
    assert pace.rate == CALLS_PER_SECOND
    for moment in range(100):
        pace.slower(10.0 + moment)
    assert pace.rate == pytest.approx(0.5)
