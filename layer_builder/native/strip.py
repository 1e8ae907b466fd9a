"""Strips an ELF file of what the loader does not read, moving nothing.

`strip` rewrites files, and breaks those that patchelf has laid out anew (numpy's and scipy's
`*.libs/`); it also knows only its own architecture. Here the segments, which are all that the
loader maps, keep their places: the symbol table, debugging sections and section headers behind
them are cut off, and those between them are overwritten with zeros, which compress to nothing.
Format: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
"""

import io
import struct
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from layer_builder.model import InstalledFile, Removal
from layer_builder.native.elf import ELF_MAGIC, Elf, read_elf
from layer_builder.tree import Tree

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

# "Occupies memory during process execution":
# https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.sheader.html
_SHF_ALLOC = 0x2


_HEADER_BYTES = 64


# In the header of a 64-bit file: e_shoff, and at the second place e_shentsize, e_shnum and
# e_shstrndx. All zero means that a file has no section headers:
# https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
_SECTION_OFFSET_FIELD = 0x28


_SECTION_COUNT_FIELDS = 0x3A


STRIP_RULE = "strip"
"""The rule that the bytes saved by stripping are booked under."""


def strip_libraries(tree: Tree, libraries: Mapping[str, Elf]) -> list[Removal]:
    """Strip every library that comes out sound; the removals tell the bytes saved."""
    removals = []
    for path, before in libraries.items():
        content = tree.read(path)
        stripped = stripped_copy(content, before)
        if stripped is not None:
            tree.rewrite(path, stripped)
            saved = InstalledFile(path=path, size=len(content) - len(stripped))
            removals.append(Removal(entry=saved, rule=STRIP_RULE))
    return removals


def stripped_copy(content: bytes, before: Elf | None = None) -> bytes | None:
    """Give a stripped library; None where nothing can go, or it would not come out sound.

    `before` is what it was read to be, if that is known.
    """
    before = before or read_elf(content)
    if before is None:
        return None
    stripped = strip_library(content)
    after = read_elf(stripped)
    is_sound = after and len(stripped) < len(content) and loads_alike(before, after)
    return stripped if is_sound else None


def strip_library(content: bytes) -> bytes:
    """Give the stripped file, of the same length or shorter; the same bytes if nothing can go.

    Takes 64-bit little-endian ELF that a loader maps; gives anything else back as it is: object
    files, which have no segments, and programs that carry a payload behind their sections.
    """
    # e_ident: ELFCLASS64, then ELFDATA2LSB; the field offsets above are those of this class.
    if content[:6] != ELF_MAGIC + b"\x02\x01":
        return content
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 (loads late, as in elf.py)
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    try:
        file = ELFFile(io.BytesIO(content))
        if file["e_type"] not in {"ET_DYN", "ET_EXEC"} or not file["e_phnum"]:
            return content
        needed, others = _parts(file)
    except (ELFError, AssertionError, OverflowError, MemoryError):
        return content
    end = max(start + size for start, size in needed)
    known = max(start + size for start, size in (*needed, *others))
    if end > len(content) or content[known:].strip(b"\0"):
        return content
    stripped = bytearray(content[:end])
    for start, stop in _gaps(needed, end):
        stripped[start:stop] = bytes(stop - start)
    struct.pack_into("<Q", stripped, _SECTION_OFFSET_FIELD, 0)
    struct.pack_into("<HHH", stripped, _SECTION_COUNT_FIELDS, 0, 0, 0)
    return bytes(stripped) if len(stripped) <= len(content) else content


def _parts(file: "ELFFile") -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """List offset and size of what the loader reads, and of all else that the headers tell of."""
    needed = [(0, _HEADER_BYTES), (file["e_phoff"], file["e_phnum"] * file["e_phentsize"])]
    needed += [
        (segment["p_offset"], segment["p_filesz"])
        for segment in file.iter_segments()
        if segment["p_type"] != "PT_NULL"
    ]
    others = [(file["e_shoff"], file["e_shnum"] * file["e_shentsize"])]
    for section in file.iter_sections():
        if section["sh_type"] != "SHT_NOBITS":
            part = needed if section["sh_flags"] & _SHF_ALLOC else others
            part.append((section["sh_offset"], section["sh_size"]))
    return needed, others


def loads_alike(before: Elf, after: Elf) -> bool:
    """Tell whether the loader would treat a stripped library as it treats the original."""
    return (
        after.is_aligned == before.is_aligned
        and after.machine == before.machine
        and after.needed == before.needed
        and after.search == before.search
    )


def _gaps(needed: Iterable[tuple[int, int]], end: int) -> list[tuple[int, int]]:
    """Find the stretches that no part covers."""
    gaps = []
    position = 0
    for start, size in sorted(needed):
        if start > position:
            gaps.append((position, min(start, end)))
        position = max(position, start + size)
    return gaps
