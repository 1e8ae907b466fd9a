"""What stripping takes from an ELF file, and what it leaves alone."""

import ctypes
import io
import struct
import sys
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from layer_builder.native import elf
from layer_builder.native import strip as stripping
from layer_builder.native.elf import Elf

LIBRARIES = sorted(
    path
    for folder in sys.path
    if folder.endswith("lib-dynload")
    for path in Path(folder).glob("_[a-h]*.so")
)
pytestmark = pytest.mark.skipif(not LIBRARIES, reason="this Python's extensions are built in")


def unstripped() -> bytes:
    return max((path.read_bytes() for path in LIBRARIES), key=len)


def segments(content: bytes) -> list[tuple[object, bytes]]:
    """List each program header with the bytes that it maps, but for the ELF header in the first."""
    file = ELFFile(io.BytesIO(content))
    return [
        (segment.header, content[max(64, s["p_offset"]) : s["p_offset"] + s["p_filesz"]])
        for segment in file.iter_segments()
        for s in [segment.header]
    ]


def test_segments_keep_their_places_and_their_bytes() -> None:
    for path in LIBRARIES:
        content = path.read_bytes()
        assert segments(stripping.strip_library(content)) == segments(content), path


def test_what_the_loader_never_reads_is_gone() -> None:
    content = unstripped()
    stripped = stripping.strip_library(content)
    assert len(stripped) < len(content)
    file = ELFFile(io.BytesIO(stripped))
    assert (file["e_shoff"], file["e_shnum"], file["e_shstrndx"]) == (0, 0, 0)
    before, after = elf.read_elf(content), elf.read_elf(stripped)
    assert before
    assert after
    assert stripping.loads_alike(before, after)


def test_stripping_twice_is_stripping_once() -> None:
    once = stripping.strip_library(unstripped())
    assert stripping.strip_library(once) == once


def test_a_stripped_library_loads(tmp_path: Path) -> None:
    for path in LIBRARIES:
        copy = tmp_path / path.name
        copy.write_bytes(stripping.strip_library(path.read_bytes()))
        ctypes.CDLL(str(copy))


def changed(content: bytes, at: int, layout: str, value: int) -> bytes:
    data = bytearray(content)
    struct.pack_into(layout, data, at, value)
    return bytes(data)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"text",
        b"\x7fELF",
        b"\x7fELF\2\1\1" + bytes(20),
        b"\x7fELF\1\1\1" + bytes(200),  # 32 bits
        b"\x7fELF\2\2\1" + bytes(200),  # big-endian
        changed(unstripped(), 0x10, "<H", 1) if LIBRARIES else b"",  # an object file
        changed(unstripped(), 0x38, "<H", 0) if LIBRARIES else b"",  # nothing to load
        changed(unstripped(), 0x28, "<Q", 2**63) if LIBRARIES else b"",  # sections out of reach
        unstripped()[:1000] if LIBRARIES else b"",
        unstripped() + b"PK\3\4 a zip behind the program" if LIBRARIES else b"",
    ],
    ids=[
        "nothing", "text", "magic", "cut header", "32 bits", "big-endian", "object file", "no segments",
        "wild sections", "cut file", "payload",
    ],
)  # fmt: skip
def test_what_cannot_be_stripped_safely_stays_as_it_is(content: bytes) -> None:
    assert stripping.strip_library(content) == content


def test_zeros_behind_the_last_section_are_no_payload() -> None:
    assert stripping.strip_library(unstripped() + bytes(100)) == stripping.strip_library(
        unstripped()
    )


@pytest.mark.parametrize(
    ("after", "same"),
    [
        (Elf(machine="x86_64", needed=("a",), search=("b",)), True),
        (Elf(machine="x86_64", needed=("a",), search=("b",), is_aligned=False), False),
        (Elf(machine="x86_64", needed=(), search=("b",)), False),
        (Elf(machine="x86_64", needed=("a",), search=()), False),
        (Elf(machine="damaged", needed=("a",), search=("b",)), False),
    ],
)
def test_a_library_that_comes_out_different_is_told_apart(after: Elf, *, same: bool) -> None:
    before = Elf(machine="x86_64", needed=("a",), search=("b",), versions=frozenset({"GLIBC_2.5"}))
    assert stripping.loads_alike(before, after) is same
