"""Reads zips and files: checksums, sizes, contents, digests."""

import hashlib
import zipfile
from pathlib import Path

from layer_builder.model import Weight

# Fixed parts of the local header and of the directory's; the name stands in both. APPNOTE.TXT
# 4.3.7 and 4.3.12: https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
_HEADERS_BYTES = 30 + 46


def zip_checksums(path: Path) -> dict[str, int]:
    """Give the CRC-32 of each member, from the zip's directory."""
    with zipfile.ZipFile(path) as file:
        return {member.filename: member.CRC for member in file.infolist()}


def compressed_sizes(path: Path) -> dict[str, int]:
    """Give for each member the bytes that it adds to the zip, headers included."""
    with zipfile.ZipFile(path) as file:
        return {
            member.filename: member.compress_size
            + _HEADERS_BYTES
            + 2 * len(member.filename.encode())
            for member in file.infolist()
        }


def weigh_zip(path: Path) -> tuple[Weight, int]:
    """Give a zip's weight, and the number of files in it.

    Raises OSError, BadZipFile for what is no zip.
    """
    with zipfile.ZipFile(path) as file:
        sizes = [member.file_size for member in file.infolist()]
    return Weight(zip_bytes=path.stat().st_size, unzipped_bytes=sum(sizes)), len(sizes)


def extract_zip(path: Path, python: Path) -> None:
    """Unpack what a layer's zip has below python/ into the folder that stands for it."""
    with zipfile.ZipFile(path) as file:
        names = [name for name in file.namelist() if name.startswith("python/")]
        file.extractall(python.parent, names)


def sha256_of(path: Path) -> str:
    """Give the SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
