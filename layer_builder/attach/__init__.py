"""The layers of functions: planned, checked, updated."""

from layer_builder.attach.attacher import Attacher
from layer_builder.attach.choice import LOOKUPS_AT_ONCE, VersionChoice
from layer_builder.attach.plan import Attached, ChangeKind, Status
from layer_builder.attach.serving import ServingPlan
from layer_builder.attach.sizes import FunctionSize, Size, SizeLookup, known_sizes

__all__ = [
    "LOOKUPS_AT_ONCE",
    "Attached",
    "Attacher",
    "ChangeKind",
    "FunctionSize",
    "ServingPlan",
    "Size",
    "SizeLookup",
    "Status",
    "VersionChoice",
    "known_sizes",
]
