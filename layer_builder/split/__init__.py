"""`split`: the fewest layers for one that is too large, and how the manifest says them."""

from layer_builder.split.placement import (
    CannotSplit,
    MeasuredDistribution,
    limits_of,
    place_distributions,
)
from layer_builder.split.proposal import new_entries, no_split_error

__all__ = [
    "CannotSplit",
    "MeasuredDistribution",
    "limits_of",
    "new_entries",
    "no_split_error",
    "place_distributions",
]
