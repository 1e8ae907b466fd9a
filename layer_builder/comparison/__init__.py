"""What a run makes, compared with what there was: on AWS, or by the report of an earlier run."""

from layer_builder.comparison.compared import compare_layers, compare_with_report
from layer_builder.comparison.now import planned_snapshots
from layer_builder.comparison.published import PublishedLayers

__all__ = [
    "PublishedLayers",
    "compare_layers",
    "compare_with_report",
    "planned_snapshots",
]
