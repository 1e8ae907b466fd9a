"""Threads: the same work for several items at a time."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
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
