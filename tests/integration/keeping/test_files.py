"""A file is there whole or not at all, whoever reads or writes it at the same time."""

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pytest

from layer_builder.keeping.files import copy_file, move_file, replace_file

OLD, NEW = b"a" * 4_000_000, b"b" * 4_000_000


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    halfway, go_on = threading.Event(), threading.Event()

    def write(file: BinaryIO) -> None:
        file.write(NEW[:2_000_000])
        file.flush()
        halfway.set()
        assert go_on.wait(30)
        file.write(NEW[2_000_000:])

    writing = threading.Thread(target=replace_file, args=(path, write))
    writing.start()
    assert halfway.wait(30)
    during = path.read_bytes()
    go_on.set()
    writing.join()
    assert (during, path.read_bytes()) == (OLD, NEW)
    assert names(tmp_path) == ["file"]


def test_of_several_writers_one_wins_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [bytes([number]) * 1_000_000 for number in range(8)]

    def write(content: bytes) -> None:
        replace_file(
            path, lambda file: [file.write(content[:500_000]), file.write(content[500_000:])]
        )

    writing = [threading.Thread(target=write, args=(content,)) for content in contents]
    for thread in writing:
        thread.start()
    for thread in writing:
        thread.join()
    assert path.read_bytes() in contents
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("before", [None, b"old"])
def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, before: bytes | None) -> None:
    path = tmp_path / "file"
    if before:
        path.write_bytes(before)

    def fail(file: BinaryIO) -> None:
        file.write(NEW)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(OSError, match="No space left"):
        replace_file(path, fail)
    assert names(tmp_path) == (["file"] if before else [])
    assert not before or path.read_bytes() == before


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"of others")
    path = tmp_path / "file"
    path.symlink_to(tmp_path / "elsewhere")
    replace_file(path, lambda file: file.write(NEW))
    assert not path.is_symlink()
    assert path.read_bytes() == NEW
    assert (tmp_path / "elsewhere").read_bytes() == b"of others"


@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o000, 0o644)])
def test_the_umask_counts(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        replace_file(tmp_path / "file", lambda file: file.write(NEW))
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


@pytest.mark.parametrize(("carry", "stays"), [(copy_file, True), (move_file, False)])
def test_a_file_comes_whole_from_another_file_system(
    tmp_path: Path, carry: Callable[[Path, Path], None], *, stays: bool
) -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is one file system here")
    source = memory / f"layer-builder-test-{os.getpid()}"
    source.write_bytes(NEW)
    try:
        carry(source, tmp_path / "file")
        assert source.exists() == stays
    finally:
        source.unlink(missing_ok=True)
    assert (tmp_path / "file").read_bytes() == NEW
    assert names(tmp_path) == ["file"]
