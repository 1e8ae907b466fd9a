"""Zip bytes that depend on contents only: sorted names, one date, two modes, one compressor.

Compression is libdeflate's (the `deflate` package): the standard library's zlib differs between
builds of Python, and so would the zip's bytes. Format: PKWARE's APPNOTE.TXT 6.3.
"""

import hashlib
import mmap
import os
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import deflate

from layer_builder.archive.files import replace_file
from layer_builder.model.build import Archive
from layer_builder.model.limits import Weight
from layer_builder.model.settings import Compression

_LEVELS = {Compression.FAST: 1, Compression.BALANCED: 7, Compression.BEST: 12}
"""libdeflate's levels; up to 7 bytes fall faster than time rises, 12 is its best."""


_SEARCHING_LEVEL = 10
"""The first level that searches for the shortest coding: 2% smaller than 7, for five times the time."""


_SEARCHED_BYTES = range(128 * 1024, 1024 * 1024)
"""Members that `balanced` searches. Smaller ones gain half as much for the same time, and a larger
one would hold up one core at the end."""


_DATE = (1 << 5) | 1  # 1980-01-01, the first day that a zip can hold


_DEFLATED, _STORED = 8, 0


_UTF8 = 1 << 11


_UNIX_2_0 = (3 << 8) | 20


_MOST_BYTES = 0xFFFFFFFF


_MOST_ENTRIES = 0xFFFF


_AHEAD = 64
"""Members compressed before they are written."""


_AHEAD_BYTES = 64 * 1024 * 1024
"""Unpacked bytes of these, unless a single member has more: this bounds memory."""


_MAPPED_BYTES = 1024 * 1024


_HUGE_BYTES = 64 * 1024 * 1024


_PROBE_BYTES = 1024 * 1024


class ZipMember:
    """One file for the zip."""

    __slots__ = ("executable", "path", "source")

    def __init__(self, *, path: str, source: Path, executable: bool = False) -> None:
        """Name the file in the zip and where its bytes are."""
        self.path = path
        self.source = source
        self.executable = executable


class TooLargeToZipError(ValueError):
    """The members do not fit a zip without 64-bit sizes; Lambda's limit is far below that."""


def write_zip(  # noqa: PLR0913 (what a zip is made of, and what may be taken over)
    members: Iterable[ZipMember],
    destination: Path,
    compression: Compression,
    workers: int = 0,
    *,
    base: Path | None = None,
    stale: Collection[str] = (),
) -> Archive:
    """Write a zip and weigh it. The bytes are the same for any number of workers.

    What `base`, a zip that this function wrote at the same compression, has of the members is taken
    from there, but for the `stale` paths. Raises TooLargeToZipError at 4 GiB. The file appears
    under its name only when it is whole.
    """
    ordered = sorted(members, key=lambda member: member.path)
    known = _known(base, stale) if base else {}
    destination.parent.mkdir(parents=True, exist_ok=True)
    writer = _Writer()

    def fill(out: BinaryIO) -> None:
        with ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
            for member, packed in _packed(ordered, compression, pool, known):
                writer.add(out, member, packed)
            writer.finish(out)

    replace_file(destination, fill)
    return Archive(
        path=destination,
        sha256=writer.digest.hexdigest(),
        weight=Weight(zip_bytes=writer.offset, unzipped_bytes=writer.unzipped),
        files=len(ordered),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _CompressedMember:
    """A member's bytes as they go into the zip: at hand, or in a file from an offset on."""

    method: int
    checksum: int
    size: int
    """Unpacked."""
    length: int
    """Packed."""
    data: bytes | bytearray = b""
    origin: tuple[Path, int] | None = None

    def pieces(self) -> Iterator[bytes | bytearray]:
        """Give the packed bytes, never much at once where they come from a file."""
        if self.origin is None:
            yield self.data
            return
        path, offset = self.origin
        with path.open("rb") as file:
            file.seek(offset)
            left = self.length
            while left:
                piece = file.read(min(left, 1 << 20))
                if not piece:
                    raise OSError(f"{path} ended early")
                left -= len(piece)
                yield piece


def _level(compression: Compression, size: int) -> int:
    searched = compression is Compression.BALANCED and size in _SEARCHED_BYTES
    return _SEARCHING_LEVEL if searched else _LEVELS[compression]


def _pack(member: ZipMember, compression: Compression) -> _CompressedMember:
    with member.source.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        level = _level(compression, size)
        if size < _MAPPED_BYTES:
            return _squeezed(file.read(), level, member.source)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _squeezed(content, level, member.source)


def _squeezed(content: bytes | mmap.mmap, level: int, source: Path) -> _CompressedMember:
    checksum, size = zlib.crc32(content), len(content)
    if size < _HUGE_BYTES or _pays(content, level):
        data = deflate.deflate_compress(content, level)
        if len(data) < size:
            return _CompressedMember(
                method=_DEFLATED, checksum=checksum, size=size, length=len(data), data=data
            )
    return _CompressedMember(
        method=_STORED, checksum=checksum, size=size, length=size, origin=(source, 0)
    )


def _pays(content: bytes | mmap.mmap, level: int) -> bool:
    """Try a huge file at its beginning, middle and end: its packed bytes have to fit memory."""
    last = len(content) - _PROBE_BYTES
    samples = [content[start : start + _PROBE_BYTES] for start in (0, last // 2, last)]
    return any(len(deflate.deflate_compress(s, level)) < len(s) * 0.99 for s in samples)


def _known(base: Path, stale: Collection[str]) -> dict[str, _CompressedMember]:
    """Say where an earlier zip of ours has each member's packed bytes."""
    with zipfile.ZipFile(base) as file:
        return {
            info.filename: _CompressedMember(
                method=info.compress_type,
                checksum=info.CRC,
                size=info.file_size,
                length=info.compress_size,
                # We write no extra fields, so that the data comes right behind the name.
                origin=(base, info.header_offset + 30 + len(info.filename.encode())),
            )
            for info in file.infolist()
            if info.filename not in stale
        }


def _packed(
    members: list[ZipMember],
    compression: Compression,
    pool: ThreadPoolExecutor,
    known: Mapping[str, _CompressedMember],
) -> Iterator[tuple[ZipMember, _CompressedMember]]:
    """Compress ahead on all cores, hand over in order."""
    waiting: deque[tuple[ZipMember, int, Future[_CompressedMember]]] = deque()
    ahead = 0
    for member in members:
        size = 0 if member.path in known else member.source.stat().st_size
        while waiting and (len(waiting) >= _AHEAD or ahead + size > _AHEAD_BYTES):
            first, held, future = waiting.popleft()
            ahead -= held
            yield first, future.result()
        if member.path in known:
            future = Future()
            future.set_result(known[member.path])
        else:
            future = pool.submit(_pack, member, compression)
        waiting.append((member, size, future))
        ahead += size
    for first, _, future in waiting:
        yield first, future.result()


class _Writer:
    """Keeps the offsets, the directory and the digest while members are written."""

    def __init__(self) -> None:
        self.offset = 0
        self.unzipped = 0
        self.digest = hashlib.sha256()
        self._directory: list[bytes] = []

    def add(self, out: BinaryIO, member: ZipMember, packed: _CompressedMember) -> None:
        size, length = packed.size, packed.length
        name = member.path.encode()
        if self.offset + length > _MOST_BYTES - 0xFFFF or size > _MOST_BYTES:
            raise TooLargeToZipError(member.path)
        common = struct.pack(
            "<HHHHHLLLHH",
            20, _UTF8, packed.method, 0, _DATE, packed.checksum, length, size, len(name), 0,
        )  # fmt: skip
        mode = 0o100755 if member.executable else 0o100644
        self._directory.append(
            struct.pack("<4sH", b"PK\x01\x02", _UNIX_2_0)
            + common
            + struct.pack("<HHHLL", 0, 0, 0, mode << 16, self.offset)
            + name
        )
        self.unzipped += size
        self._put(out, b"PK\x03\x04" + common + name)
        for piece in packed.pieces():
            self._put(out, piece)

    def finish(self, out: BinaryIO) -> None:
        start = self.offset
        for row in self._directory:
            self._put(out, row)
        size, count = self.offset - start, len(self._directory)
        if count > _MOST_ENTRIES:
            self._put_zip64_end(out, count, size, start)
        shown = min(count, _MOST_ENTRIES)
        self._put(out, struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, shown, shown, size, start, 0))

    def _put_zip64_end(self, out: BinaryIO, count: int, size: int, start: int) -> None:
        end = self.offset
        self._put(
            out,
            struct.pack(
                "<4sQHHLLQQQQ", b"PK\x06\x06", 44, _UNIX_2_0, 45, 0, 0, count, count, size, start
            )
            + struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1),
        )

    def _put(self, out: BinaryIO, data: bytes | bytearray) -> None:
        out.write(data)
        self.digest.update(data)
        self.offset += len(data)


def gzip_bytes(content: bytes) -> bytes:
    """Compress to a gzip file without name and date, as small as libdeflate makes it."""
    return bytes(deflate.gzip_compress(content, _LEVELS[Compression.BEST]))
