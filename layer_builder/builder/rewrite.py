"""Gives files smaller contents that mean the same: stripped libraries, gzip compressed anew."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from layer_builder.archive import smaller_gzip
from layer_builder.model import Compression, InstalledFile, Layer, Removal
from layer_builder.native import STRIP_RULE, Elf, strip_libraries
from layer_builder.timing import Clock
from layer_builder.tree import Tree

RECOMPRESS_RULE = "recompress"
"""The rule that the bytes saved by compressing anew are booked under."""

REWRITES = frozenset({STRIP_RULE, RECOMPRESS_RULE})
"""Rules that give a file other contents instead of removing it."""


def rewrite(
    tree: Tree,
    layer: Layer,
    files: Sequence[InstalledFile],
    libraries: Mapping[str, Elf],
    clock: Clock,
) -> list[Removal]:
    """Rewrite what the layer's `strip:` and `compression:` ask for; the removals tell what it saves.

    Args:
        tree: where the files are.
        layer: the layer with its settings.
        files: the installed files that stay.
        libraries: the native libraries among all files, by path.
        clock: times both steps.
    """
    saved: list[Removal] = []
    if layer.strip:
        with clock.step("strip"):
            saved += strip_libraries(tree, libraries)
    if layer.compression is Compression.BEST:
        with clock.step("recompress"):
            saved += _recompress(tree, files)
    return saved


def _recompress(tree: Tree, files: Sequence[InstalledFile]) -> list[Removal]:
    """Rewrite the `.gz` files that come out smaller.

    botocore's service data is gzip, which a zip cannot make smaller.
    """
    candidates = [file for file in files if file.path.endswith(".gz")]
    saved = []
    with ThreadPoolExecutor() as pool:
        contents = pool.map(lambda file: smaller_gzip(tree.read(file.path)), candidates)
        for file, content in zip(candidates, contents, strict=True):
            if content is not None:
                tree.rewrite(file.path, content)
                less = InstalledFile(path=file.path, size=file.size - len(content))
                saved.append(Removal(entry=less, rule=RECOMPRESS_RULE))
    return saved
