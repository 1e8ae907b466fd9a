"""Packed sources: the same bytes on every machine, and an archive that others can read."""

import gzip
import io
import tarfile
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.direct.packing import PackedFile, pack
from layer_builder.direct.reference import DirectReference, GitCommit, LocalSource, RemoteFile

FILES = (
    PackedFile(path="src/a.py", content=b"A = 1\n"),
    PackedFile(path="run.sh", content=b"#!/bin/sh\n", is_executable=True),
    PackedFile(path=f"{'deep/' * 30}é.py", content=b"x" * 200_000),
)
DIGEST = "f9341b91a6f91347ed7336b16d225f6a02ef2cd28638c8715b3339c0cca9522e"


def test_the_bytes_are_these_whatever_the_order() -> None:
    assert sha256(pack("demo", FILES)).hexdigest() == DIGEST
    assert pack("demo", FILES[::-1]) == pack("demo", FILES)


@given(st.lists(st.binary(max_size=70_000), max_size=4))
def test_what_is_packed_comes_out_again(contents: list[bytes]) -> None:
    files = [PackedFile(path=f"{n}", content=content) for n, content in enumerate(contents)]
    packed = io.BytesIO(gzip.decompress(pack("demo", files)))
    with tarfile.open(fileobj=packed) as archive:
        found = {}
        for member in archive.getmembers():
            assert (member.mtime, member.uid, member.mode) == (0, 0, 0o644)
            file = archive.extractfile(member)
            assert file is not None
            found[member.name] = file.read()
    assert found == {f"demo/{n}": content for n, content in enumerate(contents)}


LOCAL = LocalSource(path="libs/a", file="a.tar.gz", sha256="0" * 64, content=b"", is_project=True)
VENDORED = LocalSource(
    path="../a-1.whl", file="a-1.whl", sha256="0" * 64, content=b"", is_project=False
)


@pytest.mark.parametrize(
    ("origin", "line", "built", "leave"),
    [
        (LOCAL, f"a[x] @ ./libs/a#sha256={'0' * 64} ; m == 'n'", True, False),
        (VENDORED, f"a[x] @ ../a-1.whl#sha256={'0' * 64} ; m == 'n'", False, False),
        (GitCommit(url="https://h/a", commit="1" * 40), f"a[x] @ git+https://h/a@{'1' * 40} ; m == 'n'",
         True, True),
        (RemoteFile(url="https://h/a.whl?t=1", sha256="2" * 64),
         f"a[x] @ https://h/a.whl?t=1#sha256={'2' * 64} ; m == 'n'", False, False),
        (RemoteFile(url="https://h/a.tar.gz", sha256="2" * 64, subdirectory="s"),
         f"a[x] @ https://h/a.tar.gz#sha256={'2' * 64}&subdirectory=s ; m == 'n'", True, True),
    ],
)  # fmt: skip
def test_a_reference_is_one_line_the_same_everywhere(
    origin: LocalSource | GitCommit | RemoteFile, line: str, *, built: bool, leave: bool
) -> None:
    one = DirectReference(name="a", origin=origin, extras=("x",), marker="m == 'n'")
    assert (one.line, one.is_built, one.needs_leave) == (line, built, leave)
