"""What layers stand on while they are proven: the trees of those below."""

import shutil
import threading
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import field, replace
from pathlib import Path

from layer_builder import parallel
from layer_builder.archive import extract_zip
from layer_builder.builder.builder import Builder, BuildResult
from layer_builder.builder.loaded_bytecode import loaded_line, pack_loaded
from layer_builder.builder.proof_step import LowerLayer
from layer_builder.builder.record import adopt_record
from layer_builder.bytecode import choose, fits
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.licences import read_licences
from layer_builder.model import Built, Layer, Stack, check_limits
from layer_builder.resolve import Resolved
from layer_builder.sdk_services import ServiceNeeds, joined_needs


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
        lower = LowerLayer(root=place / "python", bytecode=())
        with self._lock:
            if not place.exists():
                place.mkdir(parents=True)
                extract_zip(result.archive.path, lower.root)
        return lower


@dataclass(kw_only=True)
class LayerBuilds:
    """The builds of a run. Which bytecode some have is decided when their functions were tried."""

    builder: Builder
    layers: Sequence[Layer]
    resolved: dict[str, Resolved]
    """What was to be built, by layer id."""
    firsts: Mapping[str, Layer]
    """Whose build serves a layer, by its id."""
    stacks: Sequence[Stack]
    lower: LowerLayers
    results: dict[str, BuildResult]
    """By the id of the layer that is first."""
    undecided: frozenset[str] = frozenset()
    """Ids of those that are without bytecode as yet."""

    def built(self) -> dict[str, Built]:
        """Give all layers of the manifest with their zips, by id."""
        return {layer.id: self._finish(layer) for layer in self.layers}

    def rebuild(self, services: Mapping[str, ServiceNeeds]) -> dict[str, Built]:
        """Build layers anew that were seen to need the data of more services, by their ids.

        Gives them, and those whose build was that of one of them and is no longer.
        """
        for layer_id, needs in services.items():
            item = self.resolved[layer_id]
            self.resolved[layer_id] = item.with_beside(joined_needs([item.beside, needs]))
        before, self.firsts = self.firsts, _firsts(self.resolved, self.layers)
        concerned = {
            one
            for one, first in self.firsts.items()
            if one in services or first.id != before[one].id
        }
        for layer_id in [one for one in self.firsts if self.firsts[one].id == one]:
            if layer_id in concerned:
                self.results[layer_id] = self._build_again(layer_id)
        used = {self._first(layer).id for layer in self.layers}
        self.results = {key: result for key, result in self.results.items() if key in used}
        self.decide_by_limits()
        return {layer.id: self._finish(layer) for layer in self.layers if layer.id in concerned}

    def _build_again(self, layer_id: str) -> BuildResult:
        item, place = self.resolved[layer_id], self.lower.place(layer_id)
        shutil.rmtree(place, ignore_errors=True)
        below = [self.lower.of(self.lower.results[one]) for one in item.below]
        return self.builder.build(item, below=lambda: below, keep=place)

    def decide(self, loaded: Mapping[str, Collection[str]]) -> dict[str, Built]:
        """Pack the bytecode of what functions loaded, and give the layers that this concerns.

        `loaded` are paths below /opt, by layer id, of layers whose functions were all tried.
        """
        choices = {key: (result,) for key, result in self.results.items()} | {
            key: self._choices(key, loaded) for key in self.undecided
        }
        self._choose(choices, self.undecided)
        concerned = [o for o in self.layers if self._first(o).id in self.undecided]
        self.undecided = frozenset()
        return {layer.id: self._finish(layer) for layer in concerned}

    def decide_by_limits(self) -> None:
        """Choose how much bytecode those have that no function decides for."""
        several = {key: result for key, result in self.results.items() if result.smaller}
        self.undecided = frozenset(
            key for key in several if self.resolved[key].request.loaded_by
        )  # fmt: skip
        choices = {
            key: (result.choices[-1],) if key in self.undecided else result.choices
            for key, result in self.results.items()
        }
        self._choose(choices, several.keys() - self.undecided)

    def _choices(self, key: str, loaded: Mapping[str, Collection[str]]) -> tuple[BuildResult, ...]:
        result, layer = self.results[key], self.firsts[key]
        if layer.id not in loaded:
            return result.choices
        packed = pack_loaded(result, loaded[layer.id], layer.target, self.builder.output_dir)
        plain = result.choices[-1]
        if not fits(layer, packed.archive):
            return (plain,)
        self.builder.reporter.step(layer.title, loaded_line(packed.record))
        return (packed, plain)

    def _choose(
        self, choices: Mapping[str, Sequence[BuildResult]], to_commit: Collection[str]
    ) -> None:
        """Choose what keeps the limits, and make that the zips of some."""
        sizes = {
            key: [choice.archive.weight.unzipped_bytes for choice in several]
            for key, several in choices.items()
        }
        builds = {layer.id: self._first(layer).id for layer in self.layers}
        chosen = choose(sizes, self.stacks, builds)
        for key in to_commit:
            result = self.results[key]
            self.results[key] = self.builder.commit(result, choices[key][chosen[key]])

    def _first(self, layer: Layer) -> Layer:
        return self.firsts.get(layer.id, layer)

    def _finish(self, layer: Layer) -> Built:
        """Give a layer its own copy of its build, with a note, held against its limits."""
        first, builder = self._first(layer), self.builder
        result = self.results[first.id]
        is_decided = first.id not in self.undecided
        if not is_decided:
            result = replace(result.choices[-1], lower=result.lower)
        archive, output_dir = result.archive, builder.output_dir
        if first is not layer:
            record = adopt_record(result.record, self.resolved[layer.id])
            result = replace(result, record=record)
        if first is not layer and is_decided:
            if output_dir.sha256(layer.stem) == archive.sha256:
                archive = replace(archive, path=output_dir.zip_path(layer.stem))
            else:
                archive = output_dir.copy(archive, layer.stem)
            output_dir.keep(layer.stem, result.record)
            builder.reporter.step(layer.title, f"same content as {first.title}: built once")
        self.lower.results[layer.id] = result
        return Built(
            layer=layer,
            archive=archive,
            details=result.record.details,
            readings=check_limits(archive.weight, layer.budget.limits),
            same_as=first.id if first is not layer else None,
            reused=result.reused,
            taken_up=result.taken_up,
            licences=read_licences(archive.path),
        )


def build_layers(  # noqa: PLR0913, PLR0917 (the parts of a run)
    resolved: dict[str, Resolved],
    taken: Mapping[str, BuildResult],
    builder: Builder,
    layers: Sequence[Layer],
    stacks: Sequence[Stack],
    lower_layers: LowerLayers,
) -> LayerBuilds:
    """Build what was resolved.

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
    builds = LayerBuilds(
        builder=builder,
        layers=layers,
        resolved=resolved,
        firsts=firsts,
        stacks=stacks,
        lower=lower_layers,
        results={**taken, **_build_all(resolved, firsts, builder, lower_layers)},
    )
    builds.decide_by_limits()
    return builds


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

    # Not as a context: that would wait for what runs when the user stops the run.
    pool = ThreadPoolExecutor(max_workers=max(1, builder.workers))
    try:
        for item in waiting:
            futures[item.request.layer.id] = pool.submit(build, item)
        wait(futures.values())
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return dict(zip(futures, parallel.results(list(futures.values())), strict=True))
