"""ELF files made by hand, and those of this very interpreter."""

import random
import struct
import sys
from pathlib import Path

import pytest

from layer_builder.native import elf
from layer_builder.native.elf import Elf

HEADER = "<16sHHIQQQIHHHHHH"
SEGMENT = "<IIQQQQQQ"
PT_LOAD, PT_DYNAMIC = 1, 2
DT_NULL, DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_RPATH, DT_RUNPATH = 0, 1, 5, 10, 15, 29


def library(
    machine: int = 62, *, offset: int = 0, align: int = 4096, tags: dict[str, int] | None = None
) -> bytes:
    """Make a shared library with one segment to load and, for names by tag, a dynamic one."""
    names = tags or {}
    start = 64 + 2 * 56
    strings, entries = b"\0", b""
    for name, tag in names.items():
        entries += struct.pack("<QQ", tag, len(strings))
        strings += name.encode() + b"\0"
    table = start + len(entries) + 48
    entries += struct.pack("<QQQQQQ", DT_STRTAB, table, DT_STRSZ, len(strings), DT_NULL, 0)
    size = table + len(strings)
    segments = struct.pack(SEGMENT, PT_LOAD, 5, offset, 0, 0, size, size, align)
    segments += struct.pack(
        SEGMENT, PT_DYNAMIC, 6, start, start, start, len(entries), len(entries), 8
    )
    count = 2 if names else 1
    ident = b"\x7fELF\2\1\1" + bytes(9)
    header = struct.pack(HEADER, ident, 3, machine, 1, 0, 64, 0, 0, 64, 56, count, 64, 0, 0)
    return header + segments + entries + strings


@pytest.mark.parametrize(
    ("number", "machine"), [(62, "x86_64"), (183, "aarch64"), (40, "EM_ARM"), (243, "EM_RISCV")]
)
def test_the_machine_is_read(number: int, machine: str) -> None:
    assert elf.read_elf(library(number)) == Elf(machine=machine)


def test_needed_libraries_and_search_paths_are_read() -> None:
    tags = {
        "libm.so.6": DT_NEEDED, "liböl.so": DT_NEEDED,
        "$ORIGIN/../demo.libs:/usr/lib": DT_RUNPATH, "$ORIGIN": DT_RPATH,
    }  # fmt: skip
    assert elf.read_elf(library(tags=tags)) == Elf(
        machine="x86_64",
        needed=("libm.so.6", "liböl.so"),
        search=("$ORIGIN/../demo.libs", "/usr/lib", "$ORIGIN"),
    )


@pytest.mark.parametrize(
    ("offset", "align", "aligned"),
    [
        (0, 4096, True),
        (8192, 4096, True),
        (64, 4096, False),
        (64, 1, True),
        (64, 0, True),
        (4096, 65536, False),
    ],
)
def test_a_segment_off_its_page_is_seen(offset: int, align: int, *, aligned: bool) -> None:
    found = elf.read_elf(library(offset=offset, align=align))
    assert found
    assert found.is_aligned is aligned


@pytest.mark.parametrize("content", [b"", b"\x7fEL", b"#!/bin/sh\n", b"MZ\0\0", b"!<arch>\n"])
def test_what_is_no_elf_is_nothing(content: bytes) -> None:
    assert elf.read_elf(content) is None


@pytest.mark.parametrize(
    "content",
    [
        b"\x7fELF",
        b"\x7fELF\2\1\1" + bytes(20),
        library()[:40],
        b"\x7fELF\x09\x09" + bytes(100),
        library()[:70],
    ],
)
def test_what_is_cut_off_is_damaged(content: bytes) -> None:
    assert elf.read_elf(content) == Elf(machine="damaged", is_aligned=False)


def test_no_damage_raises() -> None:
    """Wheels are other people's bytes."""
    whole = library(tags={"libm.so.6": DT_NEEDED})
    dice = random.Random(3)  # the same damage in every run
    for _ in range(3000):
        content = bytearray(whole)
        for _ in range(dice.randrange(1, 4)):
            content[dice.randrange(4, len(content))] = dice.choice([0, 1, 127, 255])
        assert elf.read_elf(bytes(content)) is not None


def test_versions_compare_as_numbers() -> None:
    versions = frozenset(
        {"GLIBC_2.9", "GLIBC_2.17", "GLIBC_PRIVATE", "GLIBCXX_3.4.30", "FOO_1", "GLIBC_ABI_X"}
    )
    found = Elf(machine="x86_64", versions=versions)
    assert (found.highest("GLIBC"), found.highest("GLIBCXX")) == ((2, 17), (3, 4, 30))
    assert found.highest("CXXABI") == ()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' Python is not ELF")
def test_a_real_library_tells_what_it_needs() -> None:
    path = next(Path(folder) for folder in sys.path if folder.endswith("lib-dynload"))
    found = elf.read_elf(next(path.glob("_socket.*.so")).read_bytes())
    assert found
    assert found.machine in {"x86_64", "aarch64"}
    assert "libc.so.6" in found.needed
    assert found.highest("GLIBC") >= (2, 2)
    assert found.is_aligned
