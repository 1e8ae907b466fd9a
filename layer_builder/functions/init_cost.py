"""What importing a handler takes, from source and with bytecode."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from layer_builder.model import InitCost, ModuleImport
from layer_builder.runtime import InvocationResult

_TRIES = 3
_ENOUGH_SECONDS = 0.5
"""Of imports that were timed, after which no further one is."""


def measure_init(
    tries: Sequence[InvocationResult],
    warm: Callable[[], InvocationResult],
    cold: Callable[[], InvocationResult],
) -> InitCost:
    """Time an import with all bytecode at hand, and from source; medians of fresh processes.

    The last of the `tries` that were made already count, but for the first of all: it may have
    compiled what nothing had before. `warm` and `cold` make further ones. Where an import takes
    long, one process tells enough.
    """
    with_bytecode = _enough(list(tries[1:][-_TRIES:]), warm)
    from_source = _enough([], cold)
    told = with_bytecode[-1].init or {}
    return InitCost(
        source=round(statistics.median(map(_seconds, from_source)), 4),
        bytecode=round(statistics.median(map(_seconds, with_bytecode)), 4),
        memory_bytes=max(result.memory_bytes for result in tries),
        modules=int(told.get("modules", 0)),
        imports=_imports(told.get("imports", ())),
        processes=(len(from_source), len(with_bytecode)),
    )


def _enough(
    results: list[InvocationResult], again: Callable[[], InvocationResult]
) -> list[InvocationResult]:
    while not results or (len(results) < _TRIES and sum(map(_seconds, results)) < _ENOUGH_SECONDS):
        results.append(again())
    return results


def _seconds(result: InvocationResult) -> float:
    """Give the seconds that the import took; none where a later one failed."""
    return float(result.init["init"]) if result.init else 0.0


def _imports(nodes: Sequence[Mapping[str, Any]]) -> tuple[ModuleImport, ...]:
    return tuple(
        ModuleImport(
            name=str(node["name"]),
            own=float(node["own"]),
            cumulative=float(node["cumulative"]),
            imports=_imports(node["imports"]),
        )
        for node in sorted(nodes, key=lambda node: -node["cumulative"])
    )
