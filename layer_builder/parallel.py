"""Threads: the same work for several items at a time."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
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
