"""Packs the sources of a project: the same files, the same bytes, on every machine."""

import io
import struct
import tarfile
import zlib
from collections.abc import Iterable
from dataclasses import field

from layer_builder.lazy_dataclasses import dataclass

MOST_SOURCE_BYTES = 256 * 1024 * 1024
"""Of a project's files: what a layer may unzip to."""


_STORED_BYTES = 65535
"""Of a block that is not compressed: https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4"""


@dataclass(frozen=True, kw_only=True)
class PackedFile:
    """A file of a project."""

    path: str
    """Relative to the project."""
    content: bytes = field(repr=False)
    is_executable: bool = False


def pack(name: str, files: Iterable[PackedFile]) -> bytes:
    """Make an archive of a project's files, in the form of an sdist.

    Sorted, without dates and owners, with modes that no umask changes, and not compressed, since
    zlib's answers differ between its builds.
    """
    folder = io.BytesIO()
    with tarfile.open(fileobj=folder, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for file in sorted(files, key=lambda file: file.path):
            entry = tarfile.TarInfo(f"{name}/{file.path}")
            entry.size = len(file.content)
            entry.mode = 0o755 if file.is_executable else 0o644
            archive.addfile(entry, io.BytesIO(file.content))
    return _stored(folder.getvalue())


def _stored(content: bytes) -> bytes:
    """Write gzip (https://www.rfc-editor.org/rfc/rfc1952) without compressing anything."""
    parts = [b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"]
    for start in range(0, max(len(content), 1), _STORED_BYTES):
        block = content[start : start + _STORED_BYTES]
        is_last = start + _STORED_BYTES >= len(content)
        parts += [struct.pack("<BHH", is_last, len(block), len(block) ^ 0xFFFF), block]
    parts.append(struct.pack("<II", zlib.crc32(content), len(content) & 0xFFFFFFFF))
    return b"".join(parts)
