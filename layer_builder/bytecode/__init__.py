"""Bytecode: compiled ahead of the imports, kept for later builds, packed as far as limits allow."""

from layer_builder.bytecode import modes
from layer_builder.bytecode.ahead import Ahead, CompiledSources, unchecked
from layer_builder.bytecode.modes import Variant

__all__ = ["Ahead", "CompiledSources", "Variant", "modes", "unchecked"]
