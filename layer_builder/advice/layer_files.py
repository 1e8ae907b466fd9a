"""The files of a layer that was built, or is about to be: what advice is tried on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from layer_builder.model import InstalledFile, Layer, Weight
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
    packed: Mapping[str, int] = field(default_factory=dict)
    """What each file adds to the zip, by its path there; empty where nothing is zipped yet."""
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
        return Weight(
            zip_bytes=sum(self.packed.get(f"python/{path}", 0) for path in chosen),
            unzipped_bytes=sum(file.size for file in self.files if file.path in chosen),
        )
