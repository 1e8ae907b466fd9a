"""Bytecode: compiled ahead of the imports, kept for later builds, packed as far as limits allow."""

from layer_builder.bytecode.ahead import Ahead, CompiledSources, unchecked
from layer_builder.bytecode.modes import (
    Variant,
    bytecode_path,
    choose,
    fits,
    packed_modes,
    sources_of,
)

__all__ = [
    "Ahead",
    "CompiledSources",
    "Variant",
    "bytecode_path",
    "choose",
    "fits",
    "packed_modes",
    "sources_of",
    "unchecked",
]
