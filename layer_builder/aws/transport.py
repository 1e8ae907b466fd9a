"""Waits: the one pair of dice and the one sleep of all calls to AWS."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from layer_builder.clock import now
from layer_builder.patience import Pace

_dice = random.SystemRandom()


def roll() -> float:
    """Roll the dice: from 0 to 1."""
    return _dice.random()


def sleep(seconds: float) -> None:
    """Wait."""
    if seconds > 0:
        time.sleep(seconds)


class Gate:
    """Lets the calls of all threads through at a common pace."""

    def __init__(self) -> None:
        """Open at full pace."""
        self._pace = Pace()
        self._lock = threading.Lock()

    def enter(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            seconds = self._pace.slot(now())
        sleep(seconds)

    def heard(self, *, throttled: bool) -> None:
        """Take note of how a call was answered."""
        with self._lock:
            if throttled:
                self._pace.slower(now())
            else:
                self._pace.faster()


_gates: dict[str, Gate] = {}
_gates_lock = threading.Lock()


def gate(region: str) -> Gate:
    """Give the gate of a region: AWS counts the calls of all clients together."""
    with _gates_lock:
        return _gates.setdefault(region, Gate())


class Room:
    """Room for so many bytes at a time, shared by all threads: memory stays flat."""

    def __init__(self, size: int) -> None:
        """Begin with all of `size` bytes free."""
        self._size = size
        self._free = size
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        """Wait until there is room, and hold it; what is larger than the whole room takes it all."""
        wanted = min(size, self._size)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= wanted)
            self._free -= wanted
        try:
            yield
        finally:
            with self._changed:
                self._free += wanted
                self._changed.notify_all()
