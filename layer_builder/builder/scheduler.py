"""What layers stand on while they are proven: the trees of those below."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from layer_builder import parallel
from layer_builder.archive import reader
from layer_builder.builder import bytecode
from layer_builder.builder.builder import Builder, Product
from layer_builder.builder.proof_step import Ground
from layer_builder.model import limits
from layer_builder.model.build import Built
from layer_builder.model.layer import Layer
from layer_builder.outcome import Outcome
from layer_builder.resolve.resolver import Resolved


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
                reader.extract(product.archive.path, ground.root)
        return ground


def build(
    resolved: Mapping[str, Resolved],
    taken: Mapping[str, Product],
    builder: Builder,
    outcome: Outcome,
    workers: int,
) -> None:
    """Build what was resolved, and note in the outcome all layers with their zips.

    `taken` are the products, by layer id, of those that need no build. Raises the problems of all
    that failed.
    """
    firsts = _firsts(resolved, outcome.layers)
    products = {**taken, **_build_all(resolved, firsts, builder, workers)}
    products = _settle(products, firsts, outcome, builder)
    for layer in outcome.layers:
        first = firsts.get(layer.id, layer)
        outcome.built[layer.id] = _finish(layer, first, products[first.id], builder)
        if first is not layer:
            builder.voice.step(layer.title, f"same content as {first.title}: built once")


def _firsts(resolved: Mapping[str, Resolved], layers: Sequence[Layer]) -> dict[str, Layer]:
    """Find for each layer the first one with the same content: its build serves."""
    by_content: dict[str, Layer] = {}
    return {
        layer.id: by_content.setdefault(resolved[layer.id].content_key, layer)
        for layer in layers
        if layer.id in resolved
    }


def _build_all(
    resolved: Mapping[str, Resolved],
    firsts: Mapping[str, Layer],
    builder: Builder,
    workers: int,
) -> dict[str, Product]:
    """Build each content once, several at a time, layers after those that they require."""
    waiting = [
        item
        for layer_id, item in resolved.items()
        if layer_id in firsts and firsts[layer_id].id == layer_id
    ]
    waiting.sort(key=lambda item: len(item.below))
    carrying = {firsts[layer_id].id for item in waiting for layer_id in item.below}
    futures: dict[str, Future[Product]] = {}
    with builder.scratch.folder() as folder:
        grounds = Grounds(folder=folder)

        def build(item: Resolved) -> Product:
            # Those below were handed to the pool before: they run, or are done.
            lower = [firsts[layer_id].id for layer_id in item.below]
            layer_id = item.order.layer.id
            return builder.build(
                item,
                below=lambda: [grounds.of(futures[name].result()) for name in lower],
                keep=grounds.place(layer_id) if layer_id in carrying else None,
            )

        with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
            for item in waiting:
                futures[item.order.layer.id] = pool.submit(build, item)
        return dict(zip(futures, parallel.results(list(futures.values())), strict=True))


def _settle(
    products: Mapping[str, Product], firsts: Mapping[str, Layer], outcome: Outcome, builder: Builder
) -> dict[str, Product]:
    """Choose how much bytecode each layer carries, where the manifest leaves that open."""
    choices = {key: (product, *product.smaller) for key, product in products.items()}
    sizes = {
        key: [choice.archive.weight.unzipped_bytes for choice in several]
        for key, several in choices.items()
    }
    builds = {layer.id: firsts.get(layer.id, layer).id for layer in outcome.layers}
    chosen = bytecode.choose(sizes, outcome.functions, builds)
    return {
        key: builder.settle(product, choices[key][chosen[key]]) if product.smaller else product
        for key, product in products.items()
    }


def _finish(layer: Layer, first: Layer, product: Product, builder: Builder) -> Built:
    """Give a layer its own copy of its build, with a note, held against its limits."""
    made, shelf = product.archive, builder.shelf
    if first is not layer:
        shelved = shelf.find(layer.stem)
        if shelved and shelved[0].content == product.note.content:
            made = shelved[1]
        else:
            made = shelf.copy(made, layer.stem)
            shelf.keep(layer.stem, product.note)
    allowed = limits.limits_for(layer.budget, through_s3=builder.through_s3)
    return Built(
        layer=layer,
        archive=made,
        account=product.note.account,
        readings=limits.weigh(made.weight, allowed),
        same_as=first.id if first is not layer else None,
        reused=product.reused,
    )
