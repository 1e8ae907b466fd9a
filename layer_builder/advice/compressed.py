"""What `compression: best` would take off a zip: tried whole on a small layer, on a sample of a large one.

Best searches at some megabytes a second, so a large layer is sampled: files by the digest of their
path, and of those that are larger than a piece every so many pieces. Deflate looks back 32 KiB, so that a
piece packs as it does within its file.
"""

import hashlib
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from layer_builder.advice.layer_files import LayerFiles, total
from layer_builder.archive import ZipMember, compressed_sizes, smaller_gzip, write_zip
from layer_builder.model import Advice, Compression, InstalledFile, Weight
from layer_builder.tree import list_files

_SAMPLE_BYTES = 12 * 1024 * 1024
"""What is tried, unpacked, about; a layer that is smaller is tried whole."""

_STRATUM_BYTES = 3 * 1024 * 1024
"""The same of what packs alike, in a layer that is larger."""

_PIECE_BYTES = 1024 * 1024
"""Of larger files: packed as their files are, whose level goes by size."""

_BOUNDS = (128 * 1024, _PIECE_BYTES)
"""Where the levels of `balanced` change."""


def try_best_compression(files: LayerFiles, folder: Path) -> Iterator[Advice]:
    """Pack what is in a layer as `best` would, or a sample of it; nothing where nothing is zipped."""
    if files.layer.compression is Compression.BEST or files.archive is None:
        return
    there = [one for one in files.files if f"python/{one.path}" in files.packed]
    trees = [replace(files, files=there, compiled={})]
    if files.compiled:
        bytecode = _bytecode(files.archive, folder / "bytecode")
        trees.append(replace(files, compiled={}, **bytecode))
    size = sum(one.size for tree in trees for one in tree.files)
    gains = [
        _gain(tree, stratum, _every(stratum, size), folder / f"{place}-{number}")
        for place, tree in enumerate(trees)
        for number, stratum in enumerate(_strata(tree.files))
        if stratum
    ]
    gain = total(gains)
    how = "all of it was packed" if size <= _SAMPLE_BYTES else "a sample was packed"
    if gain.zip_bytes:
        yield Advice(
            line="compression: best",
            text=f"packs harder and takes longer ({how} to know)",
            gain=gain,
        )


def _bytecode(archive: Path, folder: Path) -> dict[str, Any]:
    """Unpack what was compiled for the zip, which the tree lacks; gives root and files."""
    folder.mkdir(parents=True)
    with zipfile.ZipFile(archive) as file:
        names = [name for name in file.namelist() if name.endswith(".pyc")]
        file.extractall(folder, names)
    (folder / "python").mkdir(exist_ok=True)
    return {"root": folder / "python", "files": list_files(folder / "python")}


def _gain(files: LayerFiles, stratum: Sequence[InstalledFile], every: int, folder: Path) -> Weight:
    """Pack a sample of what packs alike, and take the rest to be as that is."""
    folder.mkdir(parents=True)
    now, best, less = _pack(files, list(_sample(files, stratum, every, folder)), folder)
    if not now:
        return Weight(zip_bytes=0, unzipped_bytes=0)
    whole = files.weigh(one.path for one in stratum).zip_bytes
    return Weight(
        zip_bytes=round(whole * (now - best) / now), unzipped_bytes=round(whole * less / now)
    )


def _strata(files: Sequence[InstalledFile]) -> list[list[InstalledFile]]:
    """Put together what packs alike: what is packed already, libraries and the rest, each by size.

    The level that a file is packed with goes by its size, too.
    """
    strata: dict[tuple[str, int], list[InstalledFile]] = {}
    for one in files:
        name = one.path.rpartition("/")[2]
        kind = "gz" if name.endswith(".gz") else "native" if ".so" in name else ""
        strata.setdefault((kind, sum(one.size >= bound for bound in _BOUNDS)), []).append(one)
    return [strata[key] for key in sorted(strata)]


def _every(stratum: Sequence[InstalledFile], size: int) -> int:
    """Say of how many bytes one is tried: small strata whole, of the larger ones the same amount."""
    return 1 if size <= _SAMPLE_BYTES else -(-sum(one.size for one in stratum) // _STRATUM_BYTES)


def _sample(
    files: LayerFiles, stratum: Sequence[InstalledFile], every: int, folder: Path
) -> Iterator[tuple[str, Path]]:
    """Choose files, and pieces of large ones; the same ones for the same layer."""
    turn = 0
    for file in sorted(stratum):
        source = files.root / file.path
        if every <= 1 or file.size < _PIECE_BYTES:
            if _number(file.path) % max(1, every) == 0:
                yield file.path, source
            continue
        with source.open("rb") as opened:
            for start in range(0, file.size - _PIECE_BYTES + 1, _PIECE_BYTES):
                turn += 1
                if turn % every == 0:
                    opened.seek(start)
                    piece = folder / f"piece-{turn}"
                    piece.write_bytes(opened.read(_PIECE_BYTES))
                    yield piece.name, piece


def _pack(
    files: LayerFiles, sample: Sequence[tuple[str, Path]], folder: Path
) -> tuple[int, int, int]:
    """Pack a sample as it is now and as `best` would: both sizes, and the bytes that gzip lost."""
    less, renewed = 0, []
    for number, (name, source) in enumerate(sample):
        content = smaller_gzip(source.read_bytes()) if name.endswith(".gz") else None
        if content is None:
            renewed.append(ZipMember(path=name, source=source))
            continue
        copy = folder / f"gzip-{number}"
        copy.write_bytes(content)
        less += source.stat().st_size - len(content)
        renewed.append(ZipMember(path=name, source=copy))
    as_now = [ZipMember(path=name, source=source) for name, source in sample]
    write_zip(as_now, folder / "now.zip", files.layer.compression)
    write_zip(renewed, folder / "best.zip", Compression.BEST)
    now, best = (sum(compressed_sizes(folder / f"{one}.zip").values()) for one in ("now", "best"))
    return now, best, less


def _number(path: str) -> int:
    return int(hashlib.sha256(path.encode()).hexdigest()[:8], 16)
