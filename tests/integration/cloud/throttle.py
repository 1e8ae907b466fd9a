"""Lambda's rate: 15 requests a second over all operations together, for each account and region.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

import threading
import time
from collections import Counter
from collections.abc import Callable

from .answers import Answer
from .calls import Call
from .faults import Fault, refused

_OTHER_RATES = frozenset({"GetFunction", "Invoke"})


class Throttle:
    """A token bucket for each region, and the count of what it let through."""

    def __init__(
        self, rate: float = 15, *, burst: float = 15, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Fill a bucket of `burst` tokens at `rate` a second; a rate of infinity refuses nothing."""
        self.rate = rate
        self._burst = burst
        self._clock = clock
        self._tokens: dict[str, float] = {}
        self._filled: dict[str, float] = {}
        self._lock = threading.Lock()
        self.accepted: Counter[str] = Counter()
        """By region."""
        self.refused: Counter[str] = Counter()
        """By region."""

    def refuse(self, call: Call) -> Answer | None:
        """Let a call through, or answer that there are too many."""
        if call.service != "lambda" or call.operation in _OTHER_RATES:
            return None
        with self._lock:
            now, region = self._clock(), call.region
            gained = (now - self._filled.get(region, now)) * self.rate
            tokens = min(self._burst, self._tokens.get(region, self._burst) + gained)
            self._filled[region] = now
            if tokens < 1:
                self._tokens[region] = tokens
                self.refused[region] += 1
                return refused(call, Fault.THROTTLED)
            self._tokens[region] = tokens - 1
            self.accepted[region] += 1
            return None

    def amend(self, call: Call, answer: Answer) -> Answer:  # noqa: ARG002 (as every rule has it)
        """Leave answers as they are."""
        return answer
