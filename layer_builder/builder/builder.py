"""Builds one layer: takes what an earlier run kept, else installs, proves, and packs meanwhile."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import field, replace
from functools import partial
from pathlib import Path

from layer_builder.archive import BuildCache, BuildRecord, OutputDir
from layer_builder.builder import proof_step
from layer_builder.builder.install import install
from layer_builder.builder.limit_problems import refuse_hopeless
from layer_builder.builder.packer import Packer
from layer_builder.builder.proof_step import LowerLayer
from layer_builder.builder.record import adopt_record, is_proven_enough, make_record, record_lines
from layer_builder.bytecode import Ahead, CompiledSources
from layer_builder.console import Reporter
from layer_builder.errors import LayerBuilderError
from layer_builder.keeping import PartCache
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Archive, Weight
from layer_builder.prove import FindProver, ProofResult
from layer_builder.resolve import Installer, Resolved
from layer_builder.scans import KeptScans
from layer_builder.timing import Clock
from layer_builder.tree import Scratch, Tree


@dataclass(frozen=True, kw_only=True)
class BuildResult:
    """A finished build."""

    archive: Archive
    record: BuildRecord
    reused: bool = False
    taken_up: bool = False
    """Whether it was found in the output directory by its digest."""
    smaller: tuple["BuildResult", ...] = ()
    """The same with less bytecode, the most first, where `bytecode: auto` leaves a choice."""
    lower: LowerLayer | None = None
    """What layers above can stand on; None for one that was not asked for, or not made now."""
    series: str = ""
    """Of builds of a layer that differ little: its next one takes packed files from this one."""

    @property
    def choices(self) -> tuple["BuildResult", ...]:
        """It and its smaller ones, the most bytecode first."""
        return (self, *self.smaller)


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Builds layers into an output directory."""

    installer: Installer
    find_prover: FindProver
    scratch: Scratch
    output_dir: OutputDir
    reporter: Reporter
    cache: BuildCache
    parts: PartCache = field(default_factory=PartCache)
    """Keeps bytecode for builds that differ a little."""
    require_isolation: bool = True
    """Whether a build that was proven without isolation is built anew."""
    stops_early: bool = True
    """Whether what is over the unzipped limit when it is installed ends there."""
    workers: int = 1
    """How many layers are built at the same time."""
    done: Callable[[str, Weight], None] = lambda _, __: None
    """Hears of each zip that is finished and kept for later runs: its stem, what it weighs."""

    def build(
        self,
        resolved: Resolved,
        below: Callable[[], Sequence[LowerLayer]] = tuple,
        keep: Path | None = None,
    ) -> BuildResult:
        """Build, or take what is in the cache; what lies in the output directory is compared with it.

        Args:
            resolved: what goes into the layer.
            below: gives the layers that it stands on; called when they are needed.
            keep: a new folder, where the proven tree is left for others to stand on.

        Raises LayerBuilderError that names the layer and its line.
        """
        layer = resolved.request.layer
        try:
            clock = Clock(partial(self.reporter.progress, layer.title))
            result = self._cached(resolved) or self._build(resolved, below, keep, clock)
        except LayerBuilderError as error:
            raise error.about(layer.key, layer.place) from error
        for warning in result.record.details.warnings:
            self.reporter.warn(warning)
        return result

    def commit(self, result: BuildResult, chosen: BuildResult) -> BuildResult:
        """Make one of a result's choices the layer's zip."""
        stem = chosen.record.stem
        self._is_there(stem, stem, chosen.archive)
        archive = self.output_dir.receive(chosen.archive, stem)
        self.output_dir.keep(stem, chosen.record)
        try:
            self.cache.keep(archive, chosen.record, chosen.series)
        except OSError as error:
            self.reporter.step(stem, f"not kept for later runs: {error}")
        self.done(stem, archive.weight)
        return replace(chosen, archive=archive, smaller=(), lower=result.lower)

    def _is_there(self, title: str, stem: str, archive: Archive) -> bool:
        """Compare with what lies in the output directory, which anybody may have put there."""
        before = self.output_dir.sha256(stem)
        if before == archive.sha256:
            self.reporter.step(title, f"{stem}.zip lay there already, with the same bytes")
        elif before:
            text = f"replaces the {stem}.zip that lay there, which has other bytes"
            self.reporter.step(title, f"{text} (sha256 {before[:16]}…, now {archive.sha256[:16]}…)")
        return before == archive.sha256

    def _cached(self, resolved: Resolved) -> BuildResult | None:
        layer = resolved.request.layer
        cached = self.cache.find(
            resolved.content_key, lambda why: self.reporter.step(layer.title, why)
        )
        if not cached or not is_proven_enough(cached[0], layer, required=self.require_isolation):
            return None
        record = adopt_record(cached[0], resolved)
        with suppress(FileNotFoundError):  # another run needed its room meanwhile
            if self._is_there(layer.title, layer.stem, cached[1]):
                archive = replace(cached[1], path=self.output_dir.zip_path(layer.stem))
            else:
                archive = self.output_dir.copy(cached[1], layer.stem)
            self.output_dir.keep(layer.stem, record)
            proof = record.details.proof
            version = proof.interpreter if proof else None
            proven = f", proven then with Python {version}" if version else ""
            self.reporter.step(layer.title, f"took {archive.path.name} from the cache{proven}")
            self.done(layer.stem, archive.weight)
            return BuildResult(archive=archive, record=record, reused=True)
        return None

    def _build(
        self,
        resolved: Resolved,
        below: Callable[[], Sequence[LowerLayer]],
        keep: Path | None,
        clock: Clock,
    ) -> BuildResult:
        layer = resolved.request.layer
        series = f"{layer.title} at {layer.compression}"
        with self.scratch.folder() as folder, ThreadPoolExecutor(max_workers=1) as pool:
            tree = Tree.below(folder)
            scans = KeptScans(parts=self.parts, title=layer.title)
            ahead = Ahead(
                layer=layer, find_prover=self.find_prover, parts=self.parts, pool=pool, scan=scans
            )
            ahead.seek()
            installed = install(resolved, tree, self.installer, clock, ahead)
            if self.stops_early:
                refuse_hopeless(installed, resolved.request, folder)
            packer = Packer(
                request=resolved.request,
                installed=installed,
                folder=folder,
                earlier=self.cache.last_of(series),
                compiled=ahead.result,
            )
            packer, plain, proof = self._prove_and_pack(packer, below, clock)
            with clock.step("bytecode"):
                variants = list(packer.variants(plain, proof.proof, self.find_prover))
            results = []
            for variant in variants:
                record = make_record(
                    resolved, packer.installed, proof, variant, seconds=clock.seconds
                )
                hidden = f".{record.stem}.{variant.mode}"
                archive = self.output_dir.receive(variant.archive, hidden)
                results.append(BuildResult(archive=archive, record=record, series=series))
            ahead.keep(folder / "bytecode.part")
            scans.keep(folder / "scans.part")
            self._tell_taken(layer.title, ahead.result(), plain, scans)
            lower = LowerLayer.left_by(tree, keep) if keep else None
        for line in record_lines(layer, results[0].record):
            self.reporter.step(layer.title, line)
        first = replace(results[0], smaller=tuple(results[1:]), lower=lower)
        return first if first.smaller else self.commit(first, first)

    def _tell_taken(
        self, title: str, compiled: CompiledSources | None, plain: Archive, scans: KeptScans
    ) -> None:
        parts = []
        if scans.taken:
            parts.append(f"{scans.taken:,} of {scans.asked:,} scans of files")
        if compiled and compiled.taken:
            modules = f"{compiled.taken:,} of {len(compiled.sources):,} modules"
            parts.append(f"the bytecode of {modules}")
        if plain.taken:
            parts.append(f"{plain.taken:,} of {plain.files:,} files as they were packed")
        if parts:
            self.reporter.step(title, f"taken from an earlier build: {', '.join(parts)}")

    def _prove_and_pack(
        self, packer: Packer, below: Callable[[], Sequence[LowerLayer]], clock: Clock
    ) -> tuple[Packer, Archive, ProofResult]:
        """Compress the tree while it is being proven; most proofs find nothing to put back."""

        def pack() -> Archive:
            with clock.step("archive"):
                return packer.plain()

        installed = packer.installed
        with ThreadPoolExecutor(max_workers=1) as pool:
            packing = pool.submit(pack)
            proof = proof_step.prove(
                installed, self.find_prover, below, packing.result, clock, packer.compiled
            )
            archive = packing.result()
        if proof.plan == installed.plan:
            return packer, archive, proof
        packer, archive = packer.repack(archive, proof.plan)
        return packer, archive, proof
