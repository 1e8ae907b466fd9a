"""One layer from its request to its proven zip, and all layers of a run in order."""

from layer_builder.builder.builder import Builder, BuildResult
from layer_builder.builder.install import install_unpruned
from layer_builder.builder.limit_problems import (
    problems_near_limits,
    problems_over_limits,
    stack_problem,
)
from layer_builder.builder.scheduler import LowerLayers, build_layers
from layer_builder.builder.take_up import TakeUp

__all__ = [
    "BuildResult",
    "Builder",
    "LowerLayers",
    "TakeUp",
    "build_layers",
    "install_unpruned",
    "problems_near_limits",
    "problems_over_limits",
    "stack_problem",
]
