"""Patience: what a failed call to AWS means, how long to wait before the next, how fast to call.

Pure: knows neither clock nor random numbers; both are handed in. Throttling codes are those of botocore's
own retry handler (botocore.retries.standard); the rate is AWS's quota for the control plane:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from collections import Counter
from dataclasses import field

from layer_builder.errors import Failure
from layer_builder.lazy_dataclasses import dataclass

# As botocore's own retry handler has them, and TooManyUpdates, which is how SSM says it:
# https://github.com/boto/botocore/blob/develop/botocore/retries/standard.py
THROTTLES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "LimitExceededException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TooManyUpdates",
        "TransactionInProgressException",
    }
)
"""Error codes of calls that were turned away for being too many."""


_TIME_OUTS = frozenset({"RequestTimeout", "RequestTimeoutException"})


# Another run aborted the upload, and the next try begins anew:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
_GONE = "NoSuchUpload"


# https://www.rfc-editor.org/rfc/rfc9110#section-15, and 429 of https://www.rfc-editor.org/rfc/rfc6585
_REDIRECT, _TIME_OUT, _TOO_MANY, _SERVER = 300, 408, 429, 500


def classify(status: int, code: str) -> Failure:
    """Say what an error that AWS answered with means, from its HTTP status and error code."""
    if status == _TOO_MANY or code in THROTTLES:
        return Failure.THROTTLED
    if code == _GONE:
        return Failure.UNSENT
    if status < _REDIRECT or status >= _SERVER or status == _TIME_OUT or code in _TIME_OUTS:
        return Failure.DOUBT
    return Failure.REFUSED


@dataclass(frozen=True, kw_only=True)
class Backoff:
    """How often a call is made in all, and the waits between, doubling from `base` to `cap`."""

    calls: int
    base: float
    """Seconds."""
    cap: float
    """Seconds."""

    def pause(self, failed: int, jitter: float) -> float | None:
        """Give the seconds to wait after so many failed calls, None to give up.

        `jitter` is from 0 to 1, and scales the whole wait.

        >>> Backoff(calls=4, base=1, cap=3).pause(2, 0.5)
        1.0
        """
        if failed >= self.calls:
            return None
        # So that many who failed together do not come back together:
        # https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
        return jitter * min(self.cap, self.base * 2.0 ** (failed - 1))


BACKOFFS = {
    Failure.UNSENT: Backoff(calls=6, base=0.5, cap=8),
    Failure.THROTTLED: Backoff(calls=40, base=1, cap=10),
    Failure.DOUBT: Backoff(calls=5, base=1, cap=20),
    Failure.BUSY: Backoff(calls=8, base=1, cap=10),
    Failure.REFUSED: Backoff(calls=1, base=0, cap=0),
}


LOOK_DELAYS = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Seconds to wait before each look at whether a doubtful call had its effect: AWS may list it late."""


@dataclass(kw_only=True)
class RetryState:
    """The failures of one call and its repetitions: each kind has a patience of its own."""

    failed: Counter[Failure] = field(default_factory=Counter)

    def pause(self, failure: Failure, jitter: float) -> float | None:
        """Count a failure; give the seconds to wait before the next call, None to give up."""
        self.failed[failure] += 1
        return BACKOFFS[failure].pause(self.failed[failure], jitter)


# AWS takes 15 a second for the account and region, whoever calls; some are left for others:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
CALLS_PER_SECOND = 13.0


_BURST = 2
_SLOWEST = 0.5
_CUT = 0.7
_CUT_SECONDS = 1.0
_RECOVERY = 0.5


class RateLimit:
    """Spaces the calls of one region: at most 15 in any second, fewer while AWS throttles.

    Goes down by a third when a call is throttled (once a second, for all that were on their way
    together), and comes back by half a call per second with each second of success.
    """

    def __init__(self) -> None:
        """Begin at full pace."""
        self.rate = CALLS_PER_SECOND
        self._next = float("-inf")
        self._cut = float("-inf")

    def slot(self, now: float) -> float:
        """Take the next place in the row; gives the seconds to wait for it."""
        gap = 1 / self.rate
        self._next = max(self._next + gap, now - _BURST * gap)
        return max(0.0, self._next - now)

    def slower(self, now: float) -> None:
        """Hear that a call was throttled."""
        if now - self._cut >= _CUT_SECONDS:
            self._cut = now
            self.rate = max(_SLOWEST, self.rate * _CUT)

    def faster(self) -> None:
        """Hear that a call was not throttled."""
        self.rate = min(CALLS_PER_SECOND, self.rate + _RECOVERY / self.rate)
