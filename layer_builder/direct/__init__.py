"""What comes from no index: packed, fetched and put where the installer finds it; what addresses say now."""

from layer_builder.direct.git_remote import GitRemote
from layer_builder.direct.packing import MOST_SOURCE_BYTES, PackedFile, pack
from layer_builder.direct.reference import (
    DirectReference,
    GitCommit,
    LocalSource,
    RemoteFile,
)
from layer_builder.direct.remote_digest import digest_now
from layer_builder.direct.store import BuiltSource, SourceStore, StoredSource

__all__ = [
    "MOST_SOURCE_BYTES",
    "BuiltSource",
    "DirectReference",
    "GitCommit",
    "GitRemote",
    "LocalSource",
    "PackedFile",
    "RemoteFile",
    "SourceStore",
    "StoredSource",
    "digest_now",
    "pack",
]
