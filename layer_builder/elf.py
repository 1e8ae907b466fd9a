"""What a native library says of itself: architecture, alignment, what it needs of others.

Format: https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html; symbol versions:
https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic/LSB-Core-generic/symversion.html
"""

import io
import re
from dataclasses import dataclass

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSegment
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

MAGIC = b"\x7fELF"
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
        found = [_VERSION.fullmatch(version) for version in self.versions]
        numbers = (
            tuple(map(int, match["number"].split(".")))
            for match in found
            if match and match["family"] == family
        )
        return max(numbers, default=())


def read(content: bytes) -> Elf | None:
    """Read a file's bytes; None when it is not ELF, or too damaged to say anything."""
    if not content.startswith(MAGIC):
        return None
    try:
        return _read(ELFFile(io.BytesIO(content)))
    except (ELFError, AssertionError, ValueError, LookupError, OverflowError, MemoryError):
        return Elf(machine="damaged", is_aligned=False)


def _read(file: ELFFile) -> Elf:
    needed: list[str] = []
    search: list[str] = []
    aligned = True
    for segment in file.iter_segments():
        if segment["p_type"] == "PT_LOAD":
            # A page is 4 KiB on both of Lambda's architectures; a smaller p_align means none.
            align = segment["p_align"]
            if align > 1 and (segment["p_offset"] - segment["p_vaddr"]) % align:
                aligned = False
        elif isinstance(segment, DynamicSegment):
            for tag in segment.iter_tags():
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
        versions=frozenset(_versions(file)),
        is_aligned=aligned,
    )


def _versions(file: ELFFile) -> list[str]:
    section = file.get_section_by_name(".gnu.version_r")
    if not isinstance(section, GNUVerNeedSection):
        return []
    return [
        auxiliary.name for _, auxiliaries in section.iter_versions() for auxiliary in auxiliaries
    ]
