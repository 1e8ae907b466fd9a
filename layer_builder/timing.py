"""Wall time by step; the calendar."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime


def now() -> float:
    """Read the clock, in seconds; only differences mean something."""
    return time.perf_counter()


def today() -> datetime:
    """Read the calendar, in UTC."""
    return datetime.now(UTC)


class Clock:
    """Times steps, and tells a listener which one runs."""

    def __init__(self, listen: Callable[[str], None] = lambda _: None) -> None:
        """`listen` hears the name of each step as it begins, and "" as it ends."""
        self.seconds: dict[str, float] = {}
        self._listen = listen

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        self._listen(name)
        start = now()
        try:
            yield
        finally:
            self.seconds[name] = round(now() - start, 3)
            self._listen("")
