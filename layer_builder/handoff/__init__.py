"""The hand-off read back: exact layer versions, as files, outputs and people name them; pure."""

from layer_builder.handoff.named_versions import (
    NamedVersion,
    NamedVersions,
    read_named_versions,
    with_digests_of,
)
from layer_builder.handoff.wishes import Wish, Wishes, read_wishes

__all__ = [
    "NamedVersion",
    "NamedVersions",
    "Wish",
    "Wishes",
    "read_named_versions",
    "read_wishes",
    "with_digests_of",
]
