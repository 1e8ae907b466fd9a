"""What layers stand on while they are proven: the trees of those below."""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from layer_builder import archive
from layer_builder.building import Product
from layer_builder.evidence import Ground


@dataclass(frozen=True, kw_only=True)
class Grounds:
    """The trees that a run keeps until it is done, in one folder."""

    folder: Path
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def place(self, layer_id: str) -> Path:
        """Say where the tree of a layer is to be left."""
        return self.folder / layer_id.replace(" ", "-")

    def of(self, product: Product) -> Ground:
        """Give what was left of a build, or unpack the zip that was taken up."""
        if product.ground:
            return product.ground
        place = self.folder / product.note.sha256
        ground = Ground(root=place / "python", bytecode=place / "bytecode")
        with self._lock:
            if not place.exists():
                ground.bytecode.mkdir(parents=True)
                archive.extract(product.archive.path, ground.root)
        return ground
