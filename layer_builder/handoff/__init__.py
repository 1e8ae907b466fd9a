"""The hand-off read back: exact layer versions, as files, outputs, parameters and people name them."""

from layer_builder.handoff.named_versions import NamedVersion, NamedVersions
from layer_builder.handoff.places import (
    FROM_SSM,
    NEWEST,
    left_by_publish,
    named_by_input,
    named_by_parameters,
    refuse_gaps,
)
from layer_builder.handoff.wishes import Wish, read_wishes

__all__ = [
    "FROM_SSM",
    "NEWEST",
    "NamedVersion",
    "NamedVersions",
    "Wish",
    "left_by_publish",
    "named_by_input",
    "named_by_parameters",
    "read_wishes",
    "refuse_gaps",
]
