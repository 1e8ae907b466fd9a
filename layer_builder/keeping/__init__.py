"""What stays for later: files written whole, and what only this user can have written."""

from layer_builder.keeping.cache_key import (
    NO_CACHE_VARIABLE,
    CacheKey,
    UnfitError,
    find_cache_folder,
    refuse_folder,
)
from layer_builder.keeping.files import copy_file, move_file, replace_file
from layer_builder.keeping.job_cache import JobCache
from layer_builder.keeping.part_cache import PartCache
from layer_builder.keeping.signed_notes import SignedNotes, code_digest

__all__ = [
    "NO_CACHE_VARIABLE",
    "CacheKey",
    "JobCache",
    "PartCache",
    "SignedNotes",
    "UnfitError",
    "code_digest",
    "copy_file",
    "find_cache_folder",
    "move_file",
    "refuse_folder",
    "replace_file",
]
