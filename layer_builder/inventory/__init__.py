"""What is in layers, file by file: whose it is, what was pruned where, what several layers have; pure."""

from layer_builder.inventory.duplicates import find_repeats
from layer_builder.inventory.packed import packed_files, zip_members
from layer_builder.inventory.places import metadata_of, owner_of, places_of
from layer_builder.inventory.pruned import pruned_parts

__all__ = [
    "find_repeats",
    "metadata_of",
    "owner_of",
    "packed_files",
    "places_of",
    "pruned_parts",
    "zip_members",
]
