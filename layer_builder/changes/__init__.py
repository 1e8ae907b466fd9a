"""What changed in a layer: two snapshots of it, compared; pure."""

from layer_builder.changes.baseline import Baseline, read_baseline
from layer_builder.changes.diff import LayerChanges, WordsDiffer, compare
from layer_builder.changes.snapshot import LayerSnapshot
from layer_builder.changes.words import (
    changes_headline,
    changes_lines,
    shortened_name,
    signed_mib,
)
from layer_builder.changes.zipped import read_snapshot

__all__ = [
    "Baseline",
    "LayerChanges",
    "LayerSnapshot",
    "WordsDiffer",
    "changes_headline",
    "changes_lines",
    "compare",
    "read_baseline",
    "read_snapshot",
    "shortened_name",
    "signed_mib",
]
