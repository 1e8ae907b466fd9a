"""What a run built, as a whole: held against the limits, and joined where targets share a name."""

from layer_builder.weighing.limits import weigh
from layer_builder.weighing.targets import join_targets

__all__ = ["join_targets", "weigh"]
