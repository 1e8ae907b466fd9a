"""What leaves the tree, by which rule, and what stays because of whom."""

from layer_builder.prune.imports import imports_of
from layer_builder.prune.planner import plan_pruning
from layer_builder.prune.sdk import SDK_DISTRIBUTIONS
from layer_builder.prune.source import module_name, name_and_parents

__all__ = [
    "SDK_DISTRIBUTIONS",
    "imports_of",
    "module_name",
    "name_and_parents",
    "plan_pruning",
]
