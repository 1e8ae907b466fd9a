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
    tries: Sequence[InvocationResult], again: Callable[[], InvocationResult]
) -> InitCost:
    """Say what an import takes with all bytecode at hand, and from source; medians of fresh processes.

    Each process times its import, and tells apart what it compiled, and what compiling took of the
    bytecode that it found; so none has to start from source for this. The `tries` that were made
    already count; `again` makes further ones where the import is short.
    """
    timed = list(tries[-_TRIES:])
    while len(timed) < _TRIES and sum(_seconds(one, "source") for one in timed) < _ENOUGH_SECONDS:
        timed.append(again())
    told = timed[-1].init or {}
    return InitCost(
        source=round(statistics.median(_seconds(one, "source") for one in timed), 4),
        bytecode=round(statistics.median(_seconds(one, "init") for one in timed), 4),
        memory_bytes=max(result.memory_bytes for result in tries),
        modules=int(told.get("modules", 0)),
        imports=_imports(told.get("imports", ())),
        processes=len(timed),
    )


def _seconds(result: InvocationResult, what: str) -> float:
    """Give the seconds that the import took; none where a later one failed."""
    return float(result.init[what]) if result.init else 0.0


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
