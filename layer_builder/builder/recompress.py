"""Compresses gzip files anew, where that makes them smaller: what they decode to stays the same."""

import gzip
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from layer_builder.archive import writer
from layer_builder.model.prune_plan import InstalledFile, Removal
from layer_builder.tree.tree import Tree

RULE = "recompress"
"""The rule that the bytes saved are booked under."""


_MOST_BYTES = 64 * 1024 * 1024
"""Decoded; a larger one is left as it is."""


def recompress(tree: Tree, entries: Sequence[InstalledFile]) -> list[Removal]:
    """Rewrite the `.gz` files that come out smaller; the removals tell the bytes saved.

    botocore's service data is gzip, which a zip cannot make smaller.
    """
    candidates = [entry for entry in entries if entry.path.endswith(".gz")]
    found = []
    with ThreadPoolExecutor() as pool:
        squeezed = pool.map(lambda entry: _squeezed(tree.read(entry.path)), candidates)
        for entry, content in zip(candidates, squeezed, strict=True):
            if content is not None:
                tree.rewrite(entry.path, content)
                saved = entry.size - len(content)
                found.append(Removal(entry=InstalledFile(path=entry.path, size=saved), rule=RULE))
    return found


def _squeezed(content: bytes) -> bytes | None:
    """Compress the same anew; None where it would not be smaller, or is no sound gzip file."""
    reader = zlib.decompressobj(wbits=31)
    try:
        decoded = reader.decompress(content, _MOST_BYTES)
    except zlib.error:
        return None
    if not reader.eof or reader.unused_data:
        return None
    squeezed = writer.gzip_bytes(decoded)
    smaller = len(squeezed) < len(content) and gzip.decompress(squeezed) == decoded
    return squeezed if smaller else None
