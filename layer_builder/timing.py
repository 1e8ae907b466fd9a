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
    """Times steps, and tells a listener which ones run, and on how many bytes."""

    def __init__(self, listen: Callable[[str, int], None] = lambda _, __: None) -> None:
        """`listen` hears the names of the steps that run, and "" when none does."""
        self.seconds: dict[str, float] = {}
        self._listen = listen
        self._running: list[str] = []
        self._size = 0

    def weigh(self, size: int) -> None:
        """Say how many bytes there are to work on."""
        self._size = size
        self._tell()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is done inside."""
        self._running.append(name)
        self._tell()
        start = now()
        try:
            yield
        finally:
            self.seconds[name] = round(now() - start, 3)
            self._running.remove(name)
            self._tell()

    def _tell(self) -> None:
        self._listen(" and ".join(self._running), self._size)
