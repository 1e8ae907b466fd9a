"""What importing a handler takes, from source and with bytecode."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from layer_builder.model import InitCost, ModuleImport
from layer_builder.runtime import InvocationResult

_TRIES = 3
_SOURCE_SECONDS = 0.5
"""Of imports from source, after which no further one is timed."""


def measure_init(
    tries: Sequence[InvocationResult],
    warm: Callable[[], InvocationResult],
    cold: Callable[[], InvocationResult],
) -> InitCost:
    """Time an import with all bytecode at hand, and from source; medians of fresh processes.

    The last of the `tries` that were made already count; the first of all may have compiled what nothing
    had before, which a median of three passes over. `warm` and `cold` make further ones. Importing
    from source takes long where it is much, and then one process tells enough.
    """
    with_bytecode = list(tries[-_TRIES:])
    while len(with_bytecode) < _TRIES:
        with_bytecode.append(warm())
    from_source = [cold()]
    while len(from_source) < _TRIES and sum(map(_seconds, from_source)) < _SOURCE_SECONDS:
        from_source.append(cold())
    told = with_bytecode[-1].init or {}
    return InitCost(
        source=round(statistics.median(map(_seconds, from_source)), 4),
        bytecode=round(statistics.median(map(_seconds, with_bytecode)), 4),
        memory_bytes=max(result.memory_bytes for result in tries),
        modules=int(told.get("modules", 0)),
        imports=_imports(told.get("imports", ())),
        processes=(len(from_source), len(with_bytecode)),
    )


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
