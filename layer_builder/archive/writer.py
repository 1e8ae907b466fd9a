"""Zip bytes that depend on contents only: sorted names, one date, two modes, one compressor."""

import os
import zipfile
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

from layer_builder.archive.compression import CompressedData, compress_file
from layer_builder.archive.zip_format import ZipRecords, locate_data
from layer_builder.keeping import replace_file
from layer_builder.model import Archive, Compression, Weight

_MAX_AHEAD = 64
"""Members compressed before they are written."""


_MAX_AHEAD_BYTES = 64 * 1024 * 1024
"""Unpacked bytes of these, unless a single member has more: this bounds memory."""


class ZipMember:
    """One file for the zip."""

    __slots__ = ("executable", "path", "source")

    def __init__(self, *, path: str, source: Path, executable: bool = False) -> None:
        """Name the file in the zip and where its bytes are."""
        self.path = path
        self.source = source
        self.executable = executable


def write_zip(  # noqa: PLR0913 (where packed files may be taken from)
    members: Iterable[ZipMember],
    destination: Path,
    compression: Compression,
    *,
    base: Path | None = None,
    stale: Collection[str] = (),
    earlier: Path | None = None,
) -> Archive:
    """Write a zip and weigh it. The bytes are the same for any number of processors.

    What `base`, a zip that this function wrote at the same compression, has of the members is taken
    from there, but for the `stale` paths. From `earlier`, another such zip, those are taken that
    unpack to the bytes they should. The file appears under its name only when it is whole.
    Raises TooLargeToZipError at 4 GiB, OSError for a source that cannot be read.
    """
    ordered = sorted(members, key=lambda member: member.path)
    known = locate_data(base, stale) if base else {}
    packed = _packed(earlier) if earlier else {}
    destination.parent.mkdir(parents=True, exist_ok=True)

    def write(out: BinaryIO) -> Archive:
        records, taken = ZipRecords(out), 0
        # Threads are enough: libdeflate's binding and zlib's CRC-32 let go of the interpreter's lock.
        with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
            for member, data in _compress_ahead(ordered, compression, pool, known, packed):
                records.add(member.path, data, executable=member.executable)
                taken += data.is_taken
        records.finish()
        return Archive(
            path=destination,
            sha256=records.sha256,
            weight=Weight(zip_bytes=records.zip_bytes, unzipped_bytes=records.unzipped_bytes),
            files=len(ordered),
            taken=taken,
        )

    return replace_file(destination, write)


def copy_zip(base: Path, destination: Path, *, leaving_out: Collection[str]) -> Archive:
    """Write a zip of ours again without some of its members, and weigh it.

    The bytes are those of `write_zip` with the others. Raises OSError where it cannot be read.
    """
    known = locate_data(base, leaving_out)
    with zipfile.ZipFile(base) as file:
        modes = {info.filename: info.external_attr >> 16 for info in file.infolist()}

    def write(out: BinaryIO) -> Archive:
        records = ZipRecords(out)
        for path in sorted(known):
            records.add(path, known[path], executable=bool(modes[path] & 0o100))
        records.finish()
        weight = Weight(zip_bytes=records.zip_bytes, unzipped_bytes=records.unzipped_bytes)
        return Archive(path=destination, sha256=records.sha256, weight=weight, files=len(known))

    return replace_file(destination, write)


def _packed(earlier: Path) -> Mapping[str, CompressedData]:
    try:
        return locate_data(earlier, ())
    except (OSError, zipfile.BadZipFile):
        return {}  # gone since it was found: others needed its room


def _compress_ahead(
    members: list[ZipMember],
    compression: Compression,
    pool: ThreadPoolExecutor,
    known: Mapping[str, CompressedData],
    packed: Mapping[str, CompressedData],
) -> Iterator[tuple[ZipMember, CompressedData]]:
    """Compress on all processors, and hand over in order."""
    waiting: deque[tuple[ZipMember, int, Future[CompressedData]]] = deque()
    ahead_bytes = 0
    for member in members:
        size = 0 if member.path in known else member.source.stat().st_size
        while waiting and (len(waiting) >= _MAX_AHEAD or ahead_bytes + size > _MAX_AHEAD_BYTES):
            first, first_size, future = waiting.popleft()
            ahead_bytes -= first_size
            yield first, future.result()
        if member.path in known:
            future = Future()
            future.set_result(known[member.path])
        else:
            earlier = packed.get(member.path)
            future = pool.submit(compress_file, member.source, compression, earlier)
        waiting.append((member, size, future))
        ahead_bytes += size
    for first, _, future in waiting:
        yield first, future.result()
