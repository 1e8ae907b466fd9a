"""Bytecode that was kept for later builds."""

from pathlib import Path

import pytest

from layer_builder.bytecode.kept import KeptBytecode
from layer_builder.keeping import CacheKey, PartCache
from layer_builder.model import CompiledSource


class GoneMeanwhile(PartCache):
    """A cache whose file another run needs the room of, as soon as it was found."""

    def find(self, about: str) -> Path | None:
        """Find it, and have it go."""
        if found := super().find(about):
            found.unlink()
        return found


@pytest.mark.parametrize("cache", [PartCache, GoneMeanwhile])
def test_what_went_meanwhile_is_compiled_again(tmp_path: Path, cache: type[PartCache]) -> None:
    root, compiled, into = (tmp_path / name for name in ("root", "compiled", "into"))
    for folder in (root, compiled, into):
        folder.mkdir()
    (root / "a.py").write_bytes(b"")
    (compiled / "a.pyc").write_bytes(b"bytecode")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    folder = tmp_path / "cache"
    parts = cache(folder=folder, key=CacheKey(path=folder / "cache.key"))
    kept = KeptBytecode(parts=parts, about="a layer")
    kept.keep({"a.py": CompiledSource(sha256=empty, seconds=0.1)}, compiled, tmp_path / "scratch")
    taken = kept.take(root, ["a.py"], into)
    assert [path.name for path in into.iterdir()] == (["a.pyc"] if taken else [])
    assert bool(taken) == (cache is PartCache)
