"""What a native library says of itself: architecture, alignment, what it needs of others.

Format: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html; symbol versions:
https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html
"""

import io
import re
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from layer_builder.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from elftools.elf.dynamic import DynamicSegment
    from elftools.elf.elffile import ELFFile

_LONGEST_NAME = 256


# pyelftools trusts the offsets and counts in a file: https://github.com/eliben/pyelftools
_DAMAGE = (
    AssertionError, ValueError, LookupError, OverflowError, MemoryError, StopIteration,
    RuntimeError, struct.error,
)  # fmt: skip
"""What reading a damaged file raises, besides the parser's own."""


ELF_MAGIC = b"\x7fELF"


_MACHINES = {"EM_X86_64": "x86_64", "EM_AARCH64": "aarch64"}


_VERSION = re.compile(r"(?P<family>[A-Z]+)_(?P<number>\d+(?:\.\d+)*)")


@dataclass(frozen=True, kw_only=True)
class Elf:
    """The facts of one file."""

    machine: str
    """`x86_64`, `aarch64`, or the name in the ELF header of any other."""
    needed: tuple[str, ...] = ()
    """DT_NEEDED: file names of the libraries it loads."""
    search: tuple[str, ...] = ()
    """DT_RUNPATH and DT_RPATH: folders to look in, `$ORIGIN` being its own."""
    versions: frozenset[str] = frozenset()
    """Symbol versions that it needs, such as `GLIBC_2.17`."""
    is_aligned: bool = True
    """Whether each segment's address and offset agree modulo its alignment; else it cannot load."""

    def highest(self, family: str) -> tuple[int, ...]:
        """Give the highest version of a family such as GLIBC that is needed; () for none."""
        matches = [_VERSION.fullmatch(version) for version in self.versions]
        numbers = (
            tuple(map(int, match["number"].split(".")))
            for match in matches
            if match and match["family"] == family
        )
        return max(numbers, default=())


def read_elf(content: bytes) -> Elf | None:
    """Read a file's bytes; None when it is not ELF, or too damaged to say anything."""
    if not content.startswith(ELF_MAGIC):
        return None
    # A run that publishes nothing new reads no file, and the parser takes 50 ms to import.
    from elftools.common.exceptions import ELFError  # noqa: PLC0415 (said above)
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415

    try:
        return _read(ELFFile(io.BytesIO(content)))
    except (ELFError, *_DAMAGE):
        return Elf(machine="damaged", is_aligned=False)


def _read(file: "ELFFile") -> Elf:
    needed: list[str] = []
    search: list[str] = []
    versions: set[str] = set()
    aligned = True
    # Segments, not sections: they are all that the loader looks at, and stripping takes the section
    # headers away. https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html
    for segment in file.iter_segments():
        if segment["p_type"] == "PT_LOAD":
            # A page is 4 KiB on both of Lambda's architectures; a smaller p_align means none.
            align = segment["p_align"]
            if align > 1 and (segment["p_offset"] - segment["p_vaddr"]) % align:
                aligned = False
        elif segment["p_type"] == "PT_DYNAMIC":
            dynamic = cast("DynamicSegment", segment)
            versions.update(_versions(file, dynamic))
            for tag in dynamic.iter_tags():
                # pyelftools names the text of such a tag after the tag
                kind = str(tag.entry.d_tag).removeprefix("DT_").lower()
                text = str(getattr(tag, kind, ""))
                if kind == "needed":
                    needed.append(text)
                elif kind in {"runpath", "rpath"}:
                    search += text.split(":")
    machine = str(file["e_machine"])
    return Elf(
        machine=_MACHINES.get(machine, machine),
        needed=tuple(needed),
        search=tuple(search),
        versions=frozenset(versions),
        is_aligned=aligned,
    )


def _versions(file: "ELFFile", dynamic: "DynamicSegment") -> Iterator[str]:
    """Read the needed symbol versions as the loader does, without section headers.

    `Elfxx_Verneed` and `Elfxx_Vernaux` are chained by offsets from themselves.
    """
    tags = {str(tag.entry.d_tag): int(tag.entry.d_val) for tag in dynamic.iter_tags()}
    if "DT_VERNEED" not in tags:
        return
    names = next(file.address_offsets(tags["DT_STRTAB"]))
    need = next(file.address_offsets(tags["DT_VERNEED"]))
    for _ in range(tags.get("DT_VERNEEDNUM", 0)):
        _, count, _, first, following = _unpack(file, need, "HHIII")
        auxiliary = need + first
        for _ in range(count):
            _, _, _, name, further = _unpack(file, auxiliary, "IHHII")
            yield _text(file, names + name)
            auxiliary += further
        need += following


def _unpack(file: "ELFFile", offset: int, layout: str) -> tuple[int, ...]:
    layout = ("<" if file.little_endian else ">") + layout
    file.stream.seek(offset)
    return struct.unpack(layout, file.stream.read(struct.calcsize(layout)))


def _text(file: "ELFFile", offset: int) -> str:
    file.stream.seek(offset)
    return bytes(file.stream.read(_LONGEST_NAME)).partition(b"\0")[0].decode()
