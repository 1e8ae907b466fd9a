"""Which leg a runner takes next, and when the last one ends."""

import heapq
from collections.abc import Sequence


def makespan(seconds: Sequence[float], runners: int, before: float = 0.0) -> float:
    """Give the seconds until all legs are done.

    GitHub starts the legs of a matrix in its order, each when a runner is free.

    Args:
        seconds: how long each leg builds, in the matrix's order.
        runners: how many there are at a time.
        before: what every leg takes until it builds.

    >>> makespan([3, 1, 1, 1], 2)
    3.0
    >>> makespan([1, 1, 1, 3], 2, before=1)
    6
    """
    free: list[float] = [0] * min(runners, len(seconds))
    for one in seconds:
        heapq.heapreplace(free, free[0] + before + one)
    return max(free)


def least(seconds: Sequence[float], runners: int, before: float = 0.0) -> float:
    """Give what no order can beat: the mean load of a runner, or the longest leg."""
    total = sum(seconds) + before * len(seconds)
    return max(total / runners, before + max(seconds))
