"""Zip bytes that depend on contents only: sorted names, one date, two modes, one compressor.

Compression is libdeflate's (the `deflate` package): the standard library's zlib differs between
builds of Python, and so would the zip's bytes. Format: PKWARE's APPNOTE.TXT 6.3.
"""

import hashlib
import os
import struct
import zipfile
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import deflate

from layer_builder.layer import Archive, Compression
from layer_builder.limits import Weight

LEVELS = {Compression.FAST: 1, Compression.BALANCED: 6, Compression.BEST: 12}
"""libdeflate's levels; 6 is where bytes stop falling fast, 12 is its best."""

_DATE = (1 << 5) | 1  # 1980-01-01, the first day that a zip can hold
_DEFLATED, _STORED = 8, 0
_UTF8 = 1 << 11
_UNIX_2_0 = (3 << 8) | 20
_MOST_BYTES = 0xFFFFFFFF
_MOST_ENTRIES = 0xFFFF
_HEADERS_BYTES = 30 + 46
_AHEAD = 64
"""Members compressed before they are written, which bounds memory."""


class Member:
    """One file for the zip."""

    __slots__ = ("executable", "path", "source")

    def __init__(self, *, path: str, source: Path, executable: bool = False) -> None:
        """Name the file in the zip and where its bytes are."""
        self.path = path
        self.source = source
        self.executable = executable


class TooLargeToZipError(ValueError):
    """The members do not fit a zip without 64-bit sizes; Lambda's limit is far below that."""


def write(
    members: Iterable[Member], destination: Path, compression: Compression, workers: int = 0
) -> Archive:
    """Write a zip and weigh it. The bytes are the same for any number of workers.

    Raises TooLargeToZipError at 4 GiB. The file appears under its name only when it is whole.
    """
    ordered = sorted(members, key=lambda member: member.path)
    level = LEVELS[compression]
    destination.parent.mkdir(parents=True, exist_ok=True)
    partial = destination.with_name(f".{destination.name}.{os.getpid()}.part")
    writer = _Writer()
    try:
        with partial.open("wb") as out, ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool:
            for member, packed in _packed(ordered, level, pool):
                writer.add(out, member, packed)
            writer.finish(out)
        partial.replace(destination)
    finally:
        partial.unlink(missing_ok=True)
    return Archive(
        path=destination,
        sha256=writer.digest.hexdigest(),
        weight=Weight(zip_bytes=writer.offset, unzipped_bytes=writer.unzipped),
        files=len(ordered),
    )


_Packed = tuple[int, int, int, bytes]  # method, checksum, size, data


def _pack(member: Member, level: int) -> _Packed:
    content = member.source.read_bytes()
    squeezed = deflate.deflate_compress(content, level)
    checksum = zlib.crc32(content)
    if len(squeezed) < len(content):
        return _DEFLATED, checksum, len(content), bytes(squeezed)
    return _STORED, checksum, len(content), content


def _packed(
    members: list[Member], level: int, pool: ThreadPoolExecutor
) -> Iterator[tuple[Member, _Packed]]:
    """Compress ahead on all cores, hand over in order."""
    waiting: deque[tuple[Member, Future[_Packed]]] = deque()
    for member in members:
        waiting.append((member, pool.submit(_pack, member, level)))
        if len(waiting) >= _AHEAD:
            first, future = waiting.popleft()
            yield first, future.result()
    for first, future in waiting:
        yield first, future.result()


class _Writer:
    """Keeps the offsets, the directory and the digest while members are written."""

    def __init__(self) -> None:
        self.offset = 0
        self.unzipped = 0
        self.digest = hashlib.sha256()
        self._directory: list[bytes] = []

    def add(self, out: BinaryIO, member: Member, packed: _Packed) -> None:
        method, checksum, size, data = packed
        name = member.path.encode()
        if self.offset + len(data) > _MOST_BYTES - 0xFFFF or size > _MOST_BYTES:
            raise TooLargeToZipError(member.path)
        common = struct.pack(
            "<HHHHHLLLHH",
            20, _UTF8, method, 0, _DATE, checksum, len(data), size, len(name), 0,
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
        self._put(out, data)

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

    def _put(self, out: BinaryIO, data: bytes) -> None:
        out.write(data)
        self.digest.update(data)
        self.offset += len(data)


def checksums(path: Path) -> dict[str, int]:
    """Give the CRC-32 of each member, from the zip's directory."""
    with zipfile.ZipFile(path) as file:
        return {member.filename: member.CRC for member in file.infolist()}


def sizes(path: Path) -> dict[str, int]:
    """Give for each member the bytes that it adds to the zip, headers included."""
    with zipfile.ZipFile(path) as file:
        return {
            member.filename: member.compress_size
            + _HEADERS_BYTES
            + 2 * len(member.filename.encode())
            for member in file.infolist()
        }


def extract(path: Path, python: Path) -> None:
    """Unpack what a layer's zip has below python/ into the folder that stands for it."""
    with zipfile.ZipFile(path) as file:
        names = [name for name in file.namelist() if name.startswith("python/")]
        file.extractall(python.parent, names)


def digest_of(path: Path) -> str:
    """Give the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
