"""Packs the bytes of files, the same on every machine.

Compression is libdeflate's (the `deflate` package): the standard library's zlib differs between
builds of Python, and so would the zip's bytes. Levels: https://github.com/ebiggers/libdeflate
"""

import gzip
import mmap
import os
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import deflate

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Compression

STORED, DEFLATED = 0, 8
"""The methods of a member, by their numbers in a zip: APPNOTE.TXT 4.4.5."""


_LEVELS = {Compression.FAST: 1, Compression.BALANCED: 7, Compression.BEST: 12}
"""libdeflate's levels; up to 7 bytes fall faster than time rises, 12 is its best."""


_SEARCHING_LEVEL = 10
"""The first level that searches for the shortest coding: 2% smaller than 7, for five times the time."""


_SEARCHED_BYTES = range(128 * 1024, 1024 * 1024)
"""Files that `balanced` searches. Smaller ones gain half as much for the same time, and a larger
one would hold up one core at the end."""


_MAPPED_BYTES = 1024 * 1024


_HUGE_BYTES = 64 * 1024 * 1024


_PROBE_BYTES = 1024 * 1024


_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class CompressedData:
    """A file's bytes as they go into a zip: at hand, or in a file from an offset on."""

    method: int
    """STORED or DEFLATED."""
    checksum: int
    """CRC-32 of the unpacked bytes."""
    size: int
    """Unpacked bytes."""
    length: int
    """Packed bytes."""
    data: bytes | bytearray = b""
    origin: tuple[Path, int] | None = None
    is_taken: bool = False
    """Whether an earlier zip had it."""

    def pieces(self) -> Iterator[bytes | bytearray]:
        """Give the packed bytes, never much at once where they come from a file. Raises OSError."""
        if self.origin is None:
            yield self.data
            return
        path, offset = self.origin
        with path.open("rb") as file:
            file.seek(offset)
            remaining = self.length
            while remaining:
                piece = file.read(min(remaining, _PIECE_BYTES))
                if not piece:
                    raise OSError(f"{path} ended early")
                remaining -= len(piece)
                yield piece


def compress_file(
    source: Path, compression: Compression, earlier: CompressedData | None = None
) -> CompressedData:
    """Compress a file; one that does not shrink is to be stored as it is. Raises OSError.

    Where what was packed `earlier`, at the same compression, unpacks to the file's bytes, that is
    taken: to unpack and compare takes a tenth of the time.
    """
    with source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        level = _level(compression, size)
        # Mapped pages come and go with the memory there is; an empty file cannot be mapped:
        # https://docs.python.org/3/library/mmap.html
        if size < _MAPPED_BYTES:
            content = file.read()
            return _taken(earlier, content) or _compress(content, level, source)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            return _taken(earlier, mapped) or _compress(mapped, level, source)


def _taken(earlier: CompressedData | None, content: bytes | mmap.mmap) -> CompressedData | None:
    """Give what was packed earlier, in memory, if it is these bytes; what was stored is not worth it."""
    size = len(content)
    if earlier is None or earlier.method != DEFLATED or earlier.size != size or size >= _HUGE_BYTES:
        return None
    try:
        data = b"".join(earlier.pieces())
        unpacked = deflate.deflate_decompress(data, size)
    except (OSError, deflate.DeflateError):
        return None  # gone meanwhile, or damaged
    # The `bytearray` compares whole buffers; two of `memoryview` are compared byte by byte.
    if unpacked != memoryview(content):
        return None
    return replace(earlier, data=data, origin=None, is_taken=True)


def smaller_gzip(content: bytes) -> bytes | None:
    """Compress a gzip file's content anew, as small as libdeflate makes it, without name and date.

    None where it would not be smaller, is larger than 64 MiB decoded, or is no sound gzip file.
    """
    reader = zlib.decompressobj(wbits=31)
    try:
        decoded = reader.decompress(content, _HUGE_BYTES)
    except zlib.error:
        return None
    if not reader.eof or reader.unused_data:
        return None
    smaller = bytes(deflate.gzip_compress(decoded, _LEVELS[Compression.BEST]))
    is_sound = len(smaller) < len(content) and gzip.decompress(smaller) == decoded
    return smaller if is_sound else None


def _level(compression: Compression, size: int) -> int:
    is_searched = compression is Compression.BALANCED and size in _SEARCHED_BYTES
    return _SEARCHING_LEVEL if is_searched else _LEVELS[compression]


def _compress(content: bytes | mmap.mmap, level: int, source: Path) -> CompressedData:
    checksum, size = zlib.crc32(content), len(content)
    # libdeflate takes and gives whole buffers, no streams, so that a huge file's packed bytes
    # have to fit memory: https://github.com/ebiggers/libdeflate#api
    if size < _HUGE_BYTES or _shrinks(content, level):
        data = deflate.deflate_compress(content, level)
        if len(data) < size:
            return CompressedData(
                method=DEFLATED, checksum=checksum, size=size, length=len(data), data=data
            )
    return CompressedData(
        method=STORED, checksum=checksum, size=size, length=size, origin=(source, 0)
    )


def _shrinks(content: bytes | mmap.mmap, level: int) -> bool:
    """Try a huge file at its beginning, middle and end."""
    last = len(content) - _PROBE_BYTES
    samples = [content[start : start + _PROBE_BYTES] for start in (0, last // 2, last)]
    return any(len(deflate.deflate_compress(s, level)) < len(s) * 0.99 for s in samples)
