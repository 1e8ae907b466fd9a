"""Native libraries: would they load on the target, and what can be stripped from them."""

from layer_builder.native.base_system import base_libraries
from layer_builder.native.compatibility import check_libraries
from layer_builder.native.elf import Elf
from layer_builder.native.programs import lambda_programs
from layer_builder.native.strip import STRIP_RULE, strip_libraries, stripped_copy

__all__ = [
    "STRIP_RULE",
    "Elf",
    "base_libraries",
    "check_libraries",
    "lambda_programs",
    "strip_libraries",
    "stripped_copy",
]
