"""The layers of functions: planned, checked, updated."""

from layer_builder.attach.attacher import Attacher
from layer_builder.attach.plan import Attached, ChangeKind, Status, function_title
from layer_builder.attach.preflight import LOOKUPS_AT_ONCE, function_exists
from layer_builder.attach.sizes import FunctionSize, Measure, Size, SizeLookup, known_sizes

__all__ = [
    "LOOKUPS_AT_ONCE",
    "Attached",
    "Attacher",
    "ChangeKind",
    "FunctionSize",
    "Measure",
    "Size",
    "SizeLookup",
    "Status",
    "function_exists",
    "function_title",
    "known_sizes",
]
