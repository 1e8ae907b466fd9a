"""What layers stand on while they are proven: the trees of those below."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from layer_builder import parallel
from layer_builder.archive import extract_zip
from layer_builder.builder import bytecode
from layer_builder.builder.builder import Builder, BuildResult
from layer_builder.builder.proof_step import LowerLayer
from layer_builder.builder.record import adopt_record
from layer_builder.model import Built, Layer, Stack, check_limits
from layer_builder.resolve import Resolved


@dataclass(frozen=True, kw_only=True)
class LowerLayers:
    """The trees that a run keeps until it is done, in one folder."""

    folder: Path
    kept: frozenset[str] = frozenset()
    """Ids of layers whose trees are needed when all are built."""
    results: dict[str, BuildResult] = field(default_factory=dict)
    """By layer id, when all are built."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def place(self, layer_id: str) -> Path:
        """Say where the tree of a layer is to be left."""
        return self.folder / layer_id.replace(" ", "-")

    def of_layer(self, layer_id: str) -> LowerLayer:
        """Give the tree of a layer that this run built or took up."""
        return self.of(self.results[layer_id])

    def of(self, result: BuildResult) -> LowerLayer:
        """Give what was left of a build, or unpack the zip that was taken up."""
        if result.lower:
            return result.lower
        place = self.folder / result.record.sha256
        lower = LowerLayer(root=place / "python", bytecode=place / "bytecode")
        with self._lock:
            if not place.exists():
                lower.bytecode.mkdir(parents=True)
                extract_zip(result.archive.path, lower.root)
        return lower


def build_layers(  # noqa: PLR0913, PLR0917 (the parts of a run)
    resolved: Mapping[str, Resolved],
    taken: Mapping[str, BuildResult],
    builder: Builder,
    layers: Sequence[Layer],
    stacks: Sequence[Stack],
    lower_layers: LowerLayers,
) -> dict[str, Built]:
    """Build what was resolved; gives all layers of the manifest with their zips, by id.

    Args:
        resolved: what is to be built, by layer id.
        taken: the results of those that need no build, by layer id.
        builder: builds one.
        layers: those of the run, in order.
        stacks: the functions that load them.
        lower_layers: takes their trees.

    Raises the problems of all that failed.
    """
    firsts = _firsts(resolved, layers)
    results = {**taken, **_build_all(resolved, firsts, builder, lower_layers)}
    builds = {layer.id: firsts.get(layer.id, layer).id for layer in layers}
    results = _choose_bytecode(results, builder, builds, stacks)
    built = {}
    for layer in layers:
        first = firsts.get(layer.id, layer)
        result = results[first.id]
        if first is not layer:
            record = adopt_record(result.record, resolved[layer.id])
            result = replace(result, record=record)
        lower_layers.results[layer.id] = result
        built[layer.id] = _finish(layer, first, result, builder)
        if first is not layer:
            builder.reporter.step(layer.title, f"same content as {first.title}: built once")
    return built


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
    lower_layers: LowerLayers,
) -> dict[str, BuildResult]:
    """Build each content once, several at a time, layers after those that they require."""
    waiting = [
        item
        for layer_id, item in resolved.items()
        if layer_id in firsts and firsts[layer_id].id == layer_id
    ]
    waiting.sort(key=lambda item: len(item.below))
    carrying = {firsts[layer_id].id for item in waiting for layer_id in item.below}
    carrying |= {firsts[layer_id].id for layer_id in lower_layers.kept if layer_id in firsts}
    futures: dict[str, Future[BuildResult]] = {}

    def build(item: Resolved) -> BuildResult:
        # Those below were handed to the pool before: they run, or are done.
        lower = [firsts[layer_id].id for layer_id in item.below]
        layer_id = item.request.layer.id
        return builder.build(
            item,
            below=lambda: [lower_layers.of(futures[name].result()) for name in lower],
            keep=lower_layers.place(layer_id) if layer_id in carrying else None,
        )

    with ThreadPoolExecutor(max_workers=max(1, builder.workers)) as pool:
        for item in waiting:
            futures[item.request.layer.id] = pool.submit(build, item)
    return dict(zip(futures, parallel.results(list(futures.values())), strict=True))


def _choose_bytecode(
    results: Mapping[str, BuildResult],
    builder: Builder,
    builds: Mapping[str, str],
    stacks: Sequence[Stack],
) -> dict[str, BuildResult]:
    """Choose how much bytecode each layer carries, where the manifest leaves that open."""
    choices = {key: (result, *result.smaller) for key, result in results.items()}
    sizes = {
        key: [choice.archive.weight.unzipped_bytes for choice in several]
        for key, several in choices.items()
    }
    chosen = bytecode.choose(sizes, stacks, builds)
    return {
        key: builder.commit(result, choices[key][chosen[key]]) if result.smaller else result
        for key, result in results.items()
    }


def _finish(layer: Layer, first: Layer, result: BuildResult, builder: Builder) -> Built:
    """Give a layer its own copy of its build, with a note, held against its limits."""
    archive, output_dir = result.archive, builder.output_dir
    if first is not layer:
        if output_dir.sha256(layer.stem) == archive.sha256:
            archive = replace(archive, path=output_dir.zip_path(layer.stem))
        else:
            archive = output_dir.copy(archive, layer.stem)
        output_dir.keep(layer.stem, result.record)
    return Built(
        layer=layer,
        archive=archive,
        details=result.record.details,
        readings=check_limits(archive.weight, layer.budget.limits),
        same_as=first.id if first is not layer else None,
        reused=result.reused,
        taken_up=result.taken_up,
    )
