"""Parts between builds: found as they were kept, by who kept them, about what they were kept about."""

from pathlib import Path

import pytest

from layer_builder.keeping import CacheKey, PartCache

CONTENT = b"first line\n" + bytes(range(256)) * 9000


@pytest.fixture
def parts(tmp_path: Path) -> PartCache:
    return PartCache(folder=tmp_path / "cache", key=CacheKey(path=tmp_path / "key"))


@pytest.fixture
def kept(parts: PartCache, tmp_path: Path) -> Path:
    """Keep a part about `a`; gives its file."""
    (tmp_path / "source").write_bytes(CONTENT)
    parts.keep("a", tmp_path / "source")
    (file,) = (tmp_path / "cache").iterdir()
    return file


def test_a_part_is_found_with_its_tag_before_it(parts: PartCache, kept: Path) -> None:
    assert parts.find("a") == kept
    assert kept.read_bytes().partition(b"\n")[2] == CONTENT
    assert parts.find("b") is None


@pytest.mark.parametrize("where", [0, 70, -1])
def test_a_damaged_part_is_none(parts: PartCache, kept: Path, where: int) -> None:
    content = bytearray(kept.read_bytes())
    content[where] ^= 1
    kept.write_bytes(content)
    assert parts.find("a") is None


def test_a_part_that_is_cut_off_is_none(parts: PartCache, kept: Path) -> None:
    kept.write_bytes(kept.read_bytes()[:-1])
    assert parts.find("a") is None
    kept.write_bytes(b"")
    assert parts.find("a") is None


def test_a_part_does_not_serve_for_another_thing(
    parts: PartCache, kept: Path, tmp_path: Path
) -> None:
    parts.keep("b", tmp_path / "source")
    (other,) = {*(tmp_path / "cache").iterdir()} - {kept}
    other.write_bytes(kept.read_bytes())
    assert parts.find("b") is None


def test_a_part_of_another_user_is_none(kept: Path, tmp_path: Path) -> None:
    other = PartCache(folder=kept.parent, key=CacheKey(path=tmp_path / "other"))
    assert other.find("a") is None


def test_without_a_folder_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(CONTENT)
    PartCache().keep("a", tmp_path / "source")
    assert PartCache().find("a") is None
