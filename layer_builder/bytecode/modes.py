"""Bytecode in a layer: whose is packed, and how much of it keeps the limits."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePosixPath
from typing import assert_never

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import (
    Archive,
    Bytecode,
    Layer,
    PackedModules,
    Stack,
    Target,
    check_limits,
    unzipped_limit,
)


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A finished zip of a layer with so much bytecode in it."""

    mode: PackedModules
    archive: Archive
    files: int = 0
    """Of bytecode."""
    bytes: int = 0
    """Of bytecode, unzipped."""


def packed_modes(asked: Bytecode) -> tuple[PackedModules, ...]:
    """Say which variants to make, the one with the most bytecode first."""
    match asked:
        case Bytecode.NONE | Bytecode.IMPORTED | Bytecode.ALL:
            return (PackedModules(asked),)
        case Bytecode.AUTO:
            return (PackedModules.ALL, PackedModules.IMPORTED, PackedModules.NONE)
        case _:
            assert_never(asked)


def sources_of(mode: PackedModules, paths: Collection[str], loaded: Collection[str]) -> list[str]:
    """Pick the modules that get bytecode, from all files of the tree and those that were loaded."""
    modules = sorted(path for path in paths if path.endswith(".py"))
    match mode:
        case PackedModules.NONE:
            return []
        case PackedModules.IMPORTED | PackedModules.LOADED:
            return [path for path in modules if path in loaded]
        case PackedModules.ALL:
            return modules
        case _:
            assert_never(mode)


def bytecode_path(source: str, target: Target) -> str:
    """Say where the bytecode of a source file lies (https://peps.python.org/pep-3147/)."""
    path = PurePosixPath(source)
    tag = f"cpython-{str(target.python).replace('.', '')}"
    return str(path.parent / "__pycache__" / f"{path.stem}.{tag}.pyc")


def fits(layer: Layer, archive: Archive) -> bool:
    """Tell whether a zip stays below `warn-at` of every limit of its layer."""
    readings = check_limits(archive.weight, layer.budget.limits)
    return all(reading.share < layer.budget.warn_at for reading in readings)


def choose(
    sizes: Mapping[str, Sequence[int]], stacks: Sequence[Stack], builds: Mapping[str, str]
) -> dict[str, int]:
    """Choose for each build the most bytecode that lets every stack stay below `warn-at`.

    `sizes` gives, by build, the unzipped bytes with ever less bytecode; the answer is an index into
    them. `builds` names the build of each layer's id. Where a stack has too much, that step is
    taken which saves most.
    """
    chosen = dict.fromkeys(sizes, 0)

    def saving(build: str) -> int:
        return sizes[build][chosen[build]] - sizes[build][chosen[build] + 1]

    for stack in stacks:
        members = [builds[layer.id] for layer in stack.layers]
        external = sum(layer.unzipped_bytes for layer in stack.external)
        share = min(layer.budget.warn_at for layer in stack.layers)
        allowed = share * unzipped_limit().allowed - external - stack.reserve
        while sum(sizes[build][chosen[build]] for build in members) >= allowed:
            smaller = [b for b in dict.fromkeys(members) if chosen[b] + 1 < len(sizes[b])]
            if not smaller:
                break
            chosen[max(smaller, key=lambda build: (saving(build), build))] += 1
    return chosen
