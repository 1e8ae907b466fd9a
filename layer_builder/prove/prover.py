"""The prover: a Python of the target, as the rest sees it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from layer_builder.model import Architecture, CompiledSource, Layer, Target
from layer_builder.prove.results import Compilation, ImportResults


class Prover(Protocol):
    """A Python of the target that imports modules."""

    @property
    def path(self) -> str:
        """Where it lies."""

    @property
    def libraries(self) -> frozenset[str] | None:
        """The shared libraries that Lambda has; None where this machine's may do."""

    @property
    def isolated(self) -> tuple[str, ...]:
        """What the system keeps the imports from."""

    @property
    def leave(self) -> str:
        """Why it may import where nothing isolates that; empty where it may not."""

    def with_leave(self, why: str) -> "Prover":
        """Give the same, which may import wherever it is."""

    def import_modules(
        self,
        root: Path,
        modules: Sequence[str],
        *,
        caches: Sequence[Path],
        others: Sequence[Path] = (),
        watch: bool = False,
    ) -> ImportResults:
        """Import modules one after another."""

    def confirm(
        self,
        root: Path,
        modules: Sequence[str],
        *,
        caches: Sequence[Path],
        others: Sequence[Path] = (),
    ) -> ImportResults:
        """Import modules of one distribution where nothing but they can say that they import."""

    @property
    def version(self) -> str:
        """All that it says of its version and build: only the same makes the same bytecode."""

    def compile(
        self,
        root: Path,
        paths: Sequence[str],
        into: Path,
        known: Mapping[str, CompiledSource] = MappingProxyType({}),
    ) -> Compilation:
        """Compile sources to bytecode."""


FindProver = Callable[[Target], Prover | None]
"""Finds a Python that can import for a target; None where there is none."""


def prover_for(layer: Layer, find_prover: FindProver, *, any_architecture: bool) -> Prover | None:
    """Find a Python for a layer; what is pure Python is the same on either architecture.

    It imports only isolated, unless the layer's `proof:` or the run allows otherwise.
    """
    prover = _prover(layer.target, find_prover, any_architecture=any_architecture)
    return (
        prover.with_leave("proof: {unisolated: allow}") if prover and layer.unisolated else prover
    )


def _prover(target: Target, find_prover: FindProver, *, any_architecture: bool) -> Prover | None:
    prover = find_prover(target)
    if prover or not any_architecture:
        return prover
    others = (replace(target, architecture=architecture) for architecture in Architecture)
    return next(filter(None, map(find_prover, others)), None)
