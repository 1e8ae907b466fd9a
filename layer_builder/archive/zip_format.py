"""The records of a zip, with nothing in them that contents do not decide.

Format: PKWARE's APPNOTE.TXT 6.3, https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT;
section numbers below are its.
"""

import hashlib
import struct
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO

from layer_builder.archive.compression import CompressedData

# MS-DOS format, 4.4.6: years since 1980, month and day; no time of day.
_DATE = (1 << 5) | 1
"""1980-01-01, the first day that a zip can hold."""


# Bit 11 of the general purpose flags, 4.4.4: names are UTF-8 and not IBM code page 437.
_UTF8 = 1 << 11


# 4.4.2: the upper byte names the system (3 is Unix), whose modes are then in the upper half of the
# external attributes; the lower byte is the version, here 2.0, the first with deflate (4.4.3.2).
_UNIX_2_0 = (3 << 8) | 20


_LOCAL_HEADER_BYTES = 30


# A field that holds its largest value says "look in the zip64 record", 4.4.1.4. Member sizes
# and offsets stay below it here; only the number of members may pass it.
_MAX_BYTES = 0xFFFFFFFF


_MAX_ENTRIES = 0xFFFF


_MAX_HEADER_BYTES = 0xFFFF


class TooLargeToZipError(ValueError):
    """The members do not fit a zip without 64-bit sizes; Lambda's limit is far below that."""


class ZipRecords:
    """Writes members and then the directory; keeps the offsets and the digest meanwhile."""

    def __init__(self, out: BinaryIO) -> None:
        """Begin a zip at the start of a file."""
        self.zip_bytes = 0
        self.unzipped_bytes = 0
        self._out = out
        self._digest = hashlib.sha256()
        self._directory: list[bytes] = []

    @property
    def sha256(self) -> str:
        """Digest of what was written, hexadecimal."""
        return self._digest.hexdigest()

    def add(self, path: str, data: CompressedData, *, executable: bool) -> None:
        """Write a member behind the last one. Raises TooLargeToZipError at 4 GiB."""
        size, length = data.size, data.length
        name = path.encode()
        if self.zip_bytes + length > _MAX_BYTES - _MAX_HEADER_BYTES or size > _MAX_BYTES:
            raise TooLargeToZipError(path)
        # What the local header (4.3.7) and the directory's (4.3.12) have in common: version needed,
        # flags, method, time, date, CRC-32, both sizes, lengths of the name and of no extra field.
        common = struct.pack(
            "<HHHHHLLLHH",
            20, _UTF8, data.method, 0, _DATE, data.checksum, length, size, len(name), 0,
        )  # fmt: skip
        # A regular file, 0644 or 0755: what AWS's documentation asks of a layer's files,
        # https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html
        mode = 0o100755 if executable else 0o100644
        self._directory.append(
            struct.pack("<4sH", b"PK\x01\x02", _UNIX_2_0)
            + common
            + struct.pack("<HHHLL", 0, 0, 0, mode << 16, self.zip_bytes)
            + name
        )
        self.unzipped_bytes += size
        self._write(b"PK\x03\x04" + common + name)
        for piece in data.pieces():
            self._write(piece)

    def finish(self) -> None:
        """Write the directory and what points to it."""
        start = self.zip_bytes
        for row in self._directory:
            self._write(row)
        size, count = self.zip_bytes - start, len(self._directory)
        if count > _MAX_ENTRIES:
            self._write_zip64_end(count, size, start)
        # The end record, 4.3.16: one disk, no comment.
        entries = min(count, _MAX_ENTRIES)
        self._write(
            struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, entries, entries, size, start, 0)
        )

    def _write_zip64_end(self, count: int, size: int, start: int) -> None:
        # 4.3.14 and, behind it, its locator, 4.3.15. 44 is the record's length less its first 12
        # bytes; 45 is version 4.5, the first with zip64 (4.4.3.2).
        end = self.zip_bytes
        self._write(
            struct.pack(
                "<4sQHHLLQQQQ", b"PK\x06\x06", 44, _UNIX_2_0, 45, 0, 0, count, count, size, start
            )
            + struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1),
        )

    def _write(self, data: bytes | bytearray) -> None:
        self._out.write(data)
        self._digest.update(data)
        self.zip_bytes += len(data)


def locate_data(path: Path, stale: Collection[str]) -> dict[str, CompressedData]:
    """Say where a zip of ours has each member's packed bytes, but for the `stale` members."""
    with zipfile.ZipFile(path) as file:
        return {
            info.filename: CompressedData(
                method=info.compress_type,
                checksum=info.CRC,
                size=info.file_size,
                length=info.compress_size,
                # ZipRecords writes no extra field, so that the data comes right behind the name.
                origin=(
                    path,
                    info.header_offset + _LOCAL_HEADER_BYTES + len(info.filename.encode()),
                ),
            )
            for info in file.infolist()
            if info.filename not in stale
        }
