"""The files of a layer that was built, or is about to be: what advice is tried on."""

import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from pathlib import Path

from layer_builder.archive import compressed_sizes
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Built, InstalledFile, Layer, Weight
from layer_builder.tree import Installation, find_distributions


@dataclass(frozen=True, kw_only=True)
class LayerFiles:
    """What is in a layer below python/."""

    layer: Layer
    root: Path
    """The folder that stands for /opt/python."""
    files: Sequence[InstalledFile]
    asked_for: frozenset[str]
    """Distributions (normalised names) that its requirements name."""
    archive: Path | None = None
    """Its zip; None where nothing is zipped yet."""
    packed: Mapping[str, int] = field(default_factory=dict)
    """What each file adds to the zip, by its path there; empty where nothing is zipped yet."""
    compiled: Mapping[str, Weight] = field(default_factory=dict)
    """The bytecode in the zip, by the path of its source: it goes with that."""
    needed: frozenset[str] = frozenset()
    """Paths that its proof loaded or had put back: no profile takes them."""

    @cached_property
    def installation(self) -> Installation:
        """Its distributions, and the files that are theirs."""
        distributions = find_distributions([file.path for file in self.files], self.read)
        found = Installation(files=self.files, distributions=distributions)
        owned = [file for file in self.files if file.path in found.owners]
        return Installation(files=owned, distributions=distributions)

    def read(self, path: str) -> bytes:
        """Give the bytes of a file."""
        return (self.root / path).read_bytes()

    def weigh(self, paths: Iterable[str]) -> Weight:
        """Add up what files take; zipped it is 0 where nothing is zipped yet."""
        chosen = frozenset(paths)
        bytecode = [self.compiled[path] for path in chosen if path in self.compiled]
        return Weight(
            zip_bytes=sum(self.packed.get(f"python/{path}", 0) for path in chosen)
            + sum(one.zip_bytes for one in bytecode),
            unzipped_bytes=sum(file.size for file in self.files if file.path in chosen)
            + sum(one.unzipped_bytes for one in bytecode),
        )


def compiled_weights(archive: Path) -> dict[str, Weight]:
    """Weigh the bytecode in a zip, by the path that its source has below python/.

    `a/__pycache__/b.cpython-312.pyc` is of `a/b.py`: https://peps.python.org/pep-3147/
    """
    packed = compressed_sizes(archive)
    with zipfile.ZipFile(archive) as file:
        sizes = {one.filename: one.file_size for one in file.infolist()}
    found = {}
    for path, size in sizes.items():
        folder, _, name = path.removeprefix("python/").rpartition("__pycache__/")
        if name.endswith(".pyc"):
            weight = Weight(zip_bytes=packed[path], unzipped_bytes=size)
            found[f"{folder}{name.partition('.')[0]}.py"] = weight
    return found


def package_weights(built: Built) -> dict[str, Weight]:
    """Weigh each distribution of a layer, with its bytecode."""
    packages = built.details.packages
    found = {
        one.name: Weight(zip_bytes=one.bytes_zipped, unzipped_bytes=one.bytes_kept)
        for one in packages
    }
    if not built.details.bytecode.files:
        return found
    for path, weight in compiled_weights(built.archive.path).items():
        owner = next((one.name for one in packages if path.startswith(one.places)), None)
        if owner:
            found[owner] = total([found[owner], weight])
    return found


def total(weights: Iterable[Weight]) -> Weight:
    """Add up."""
    parts = list(weights)
    return Weight(
        zip_bytes=sum(one.zip_bytes for one in parts),
        unzipped_bytes=sum(one.unzipped_bytes for one in parts),
    )
