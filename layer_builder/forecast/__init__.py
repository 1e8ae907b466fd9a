"""What layers will weigh, before anything is installed."""

from layer_builder.forecast.estimate import ERROR, LayerEstimate, estimate_layer
from layer_builder.forecast.included import weigh_included
from layer_builder.forecast.letters import (
    estimate_line,
    open_lines,
    problems_of_estimate,
    unlicensed_line,
)
from layer_builder.forecast.logins import Logins
from layer_builder.forecast.reader import WheelReader

__all__ = [
    "ERROR",
    "LayerEstimate",
    "Logins",
    "WheelReader",
    "estimate_layer",
    "estimate_line",
    "open_lines",
    "problems_of_estimate",
    "unlicensed_line",
    "weigh_included",
]
