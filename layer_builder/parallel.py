"""Threads: the same work for several items at a time."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from layer_builder.errors import LayerBuilderError, merged

_T = TypeVar("_T")


_R = TypeVar("_R")


def each(
    work: Callable[[_T], _R],
    items: Iterable[_T],
    workers: int,
    interrupted: threading.Event | None = None,
) -> list[_R]:
    """Do the work for all items, so many at a time; raise the problems of all that failed.

    `interrupted` is set when the user stops the run: work that is long should heed it.
    """
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        try:
            return results([pool.submit(work, item) for item in items])
        except KeyboardInterrupt:
            if interrupted:
                interrupted.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def begin(work: Callable[[], object]) -> None:
    """Begin what nothing waits for but the end of the process; of its failure nothing is said."""
    pool = ThreadPoolExecutor(max_workers=1)
    pool.submit(work)
    pool.shutdown(wait=False)


def results(futures: Sequence[Future[_R]]) -> list[_R]:
    """Give all results, or raise all problems, each once."""
    errors = [error for future in futures if (error := future.exception())]
    expected = [error for error in errors if isinstance(error, LayerBuilderError)]
    for error in errors:
        if not isinstance(error, LayerBuilderError):
            raise error
    if expected:
        raise merged(expected)
    return [future.result() for future in futures]


def others_end(seconds: float) -> bool:
    """Wait for the other threads that the process would wait for at its end; tell whether it did."""
    until = time.monotonic() + seconds
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join(max(0.0, until - time.monotonic()))
            if thread.is_alive():
                return False
    return True


def kill_children() -> None:
    """Kill the processes that this one began, where the system lists them (Linux does)."""
    # https://man7.org/linux/man-pages/man5/proc_tid_children.5.html
    for listed in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):
            for number in listed.read_text(encoding="ascii").split():
                os.kill(int(number), signal.SIGKILL)


class ByteBudget:
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
