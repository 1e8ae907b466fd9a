"""Builds one layer: take it up if it is there, else fill a tree, prove it and pack it meanwhile."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from layer_builder.archive import reader
from layer_builder.archive.build_cache import BuildCache
from layer_builder.archive.output_dir import BuildRecord, OutputDir
from layer_builder.archive.scratch import Scratch
from layer_builder.builder import accounting, proof_step
from layer_builder.builder import install as filling
from layer_builder.builder.bytecode import Variant
from layer_builder.builder.install import InstalledTree
from layer_builder.builder.packer import Packer
from layer_builder.builder.proof_step import Evidence, LowerLayer
from layer_builder.console import Reporter
from layer_builder.errors import LayerBuilderError, LimitError, Problem
from layer_builder.model.build import Archive, BuildDetails, PackedBytecode
from layer_builder.model.layer import Layer
from layer_builder.model.limits import mib
from layer_builder.model.resolution import Resolution
from layer_builder.prove.prover import FindProver
from layer_builder.resolve.resolver import Installer, Resolved
from layer_builder.sources.request import LayerRequest
from layer_builder.timing import Clock
from layer_builder.tree.tree import Tree

_CONTAINER_BYTES = 1024 * 1024 * 1024
"""Four times what Lambda takes: compressing it would only delay the message."""


@dataclass(frozen=True, kw_only=True)
class BuildResult:
    """A finished build."""

    archive: Archive
    record: BuildRecord
    reused: bool = False
    smaller: tuple["BuildResult", ...] = ()
    """The same with less bytecode, the most first, where `bytecode: auto` leaves a choice."""
    lower: LowerLayer | None = None
    """What layers above can stand on; None for one that was not asked for, or not made now."""


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Makes products and puts them on the shelf."""

    installer: Installer
    find_prover: FindProver
    scratch: Scratch
    output_dir: OutputDir
    reporter: Reporter
    command: str
    cache: BuildCache
    through_s3: bool = False

    def reuse(self, request: LayerRequest) -> BuildResult | None:
        """Give what `build` left for a layer, if it is still what the manifest asks for."""
        shelved = self.output_dir.find(request.layer.stem)
        if not shelved or shelved[0].made_by != "build" or shelved[0].request != request.key:
            return None
        record, made = shelved
        self.reporter.step(request.layer.title, f"took up {made.path.name} that `build` left")
        return BuildResult(archive=made, record=record, reused=True)

    def build(
        self,
        resolved: Resolved,
        below: Callable[[], Sequence[LowerLayer]] = tuple,
        keep: Path | None = None,
    ) -> BuildResult:
        """Build, or take up what is on the shelf. Errors name the layer and its line.

        `below` gives the layers that it stands on, and is called when they are needed. With `keep`,
        a new folder, the proven tree is left there for others to stand on.
        """
        layer = resolved.request.layer
        try:
            result = self._build(resolved, below, keep)
        except LayerBuilderError as error:
            raise error.about(layer.key, layer.place) from error
        for warning in result.record.account.warnings:
            self.reporter.warn(warning)
        return result

    def commit(self, result: BuildResult, chosen: BuildResult) -> BuildResult:
        """Make one of a product's choices the layer's zip."""
        stem = chosen.record.stem
        made = self.output_dir.receive(chosen.archive, stem)
        self.output_dir.keep(stem, chosen.record)
        try:
            self.cache.keep(made, chosen.record)
        except OSError as error:
            self.reporter.step(stem, f"not kept for later runs: {error}")
        return replace(chosen, archive=made, smaller=(), lower=result.lower)

    def _build(
        self, resolved: Resolved, below: Callable[[], Sequence[LowerLayer]], keep: Path | None
    ) -> BuildResult:
        layer = resolved.request.layer
        shelved = self.output_dir.find(layer.stem)
        if shelved and shelved[0].content == resolved.content_key:
            record, made = shelved
            self.reporter.step(layer.title, f"nothing changed: {made.path.name} is up to date")
            return BuildResult(archive=made, record=record, reused=True)
        if cached := self.cache.find(resolved.content_key):
            with suppress(FileNotFoundError):  # another run needed its room meanwhile
                return self._take_cached(resolved.request, *cached)
        with self.scratch.folder() as folder:
            tree = Tree.below(folder)
            clock = Clock(partial(self.reporter.progress, layer.title))
            installed_tree = filling.install(resolved, tree, self.installer, clock)
            _refuse_too_large(installed_tree)
            packer = Packer(request=resolved.request, installed_tree=installed_tree, folder=folder)
            made, found = self._prove_and_pack(packer, below, clock)
            if found.plan != installed_tree.plan:
                back = installed_tree.plan.removed_paths - found.plan.removed_paths
                installed_tree = installed_tree.following(found.plan)
                packer = replace(packer, installed_tree=installed_tree)
                made = packer.plain(made, stale=back | tree.sealed)
            self._tell_proven(layer, installed_tree, found, clock)
            with clock.step("bytecode"):
                variants = list(
                    packer.variants(made, found, self.find_prover, through_s3=self.through_s3)
                )
            results = [
                self._product(
                    resolved, installed_tree, found, variant, clock, is_only=len(variants) == 1
                )
                for variant in variants
            ]
            lower = _left(tree, keep) if keep else None
        self._tell_packed(layer, results[0], clock)
        first = replace(results[0], smaller=tuple(results[1:]), lower=lower)
        return first if first.smaller else self.commit(first, first)

    def _take_cached(
        self, request: LayerRequest, record: BuildRecord, cached: Archive
    ) -> BuildResult:
        layer = request.layer
        account = replace(
            record.account,
            warnings=tuple(
                replace(warning, layer=layer.key, place=layer.place)
                for warning in record.account.warnings
            ),
        )
        mine = replace(
            record, stem=layer.stem, request=request.key, made_by=self.command, account=account
        )
        made = self.output_dir.copy(cached, layer.stem)
        self.output_dir.keep(layer.stem, mine)
        proof = account.proof
        proven = (
            f", proven then with Python {proof.interpreter}" if proof and proof.interpreter else ""
        )
        self.reporter.step(layer.title, f"took {made.path.name} from the cache{proven}")
        return BuildResult(archive=made, record=mine, reused=True)

    def _prove_and_pack(
        self, packer: Packer, below: Callable[[], Sequence[LowerLayer]], clock: Clock
    ) -> tuple[Archive, Evidence]:
        """Compress the tree while it is being proven; most proofs find nothing to put back."""

        def pack() -> Archive:
            with clock.step("archive"):
                return packer.plain()

        with ThreadPoolExecutor(max_workers=1) as pool:
            packing = pool.submit(pack)
            found = proof_step.prove(
                packer.installed_tree, self.find_prover, below, packing.result, clock
            )
            return packing.result(), found

    def _product(  # noqa: PLR0913 (all that a note tells)
        self,
        resolved: Resolved,
        installed_tree: InstalledTree,
        found: Evidence,
        variant: Variant,
        clock: Clock,
        *,
        is_only: bool,
    ) -> BuildResult:
        layer = resolved.request.layer
        name = layer.stem if is_only else f".{layer.stem}.{variant.mode}"
        made = self.output_dir.receive(variant.archive, name)
        warnings = (
            replace(warning, layer=layer.key, place=layer.place)
            for warning in (*installed_tree.warnings, *found.warnings)
        )
        account = BuildDetails(
            packages=accounting.with_zipped(
                installed_tree.packages, installed_tree.owners, reader.compressed_sizes(made.path)
            ),
            pruned=accounting.totals(found.plan, installed_tree.to_runtime, installed_tree.before),
            restored=found.plan.restored,
            held_back=resolved.own.held_back,
            proof=found.proof,
            bytecode=PackedBytecode(mode=variant.mode, files=variant.files, bytes=variant.bytes),
            warnings=(*_held_back(layer, resolved.own), *warnings),
            included_bytes=installed_tree.included_bytes,
            seconds=dict(clock.seconds),
        )
        record = BuildRecord(
            stem=layer.stem,
            request=resolved.request.key,
            content=resolved.content_key,
            made_by=self.command,
            sha256=made.sha256,
            weight=made.weight,
            files=made.files,
            account=account,
        )
        return BuildResult(archive=made, record=record)

    def _tell_proven(
        self, layer: Layer, installed_tree: InstalledTree, found: Evidence, clock: Clock
    ) -> None:
        if not installed_tree.installed:
            return
        installed = sum(package.bytes_installed for package in installed_tree.packages)
        kept = sum(package.bytes_kept for package in installed_tree.packages)
        seconds = sum(clock.seconds.get(step, 0.0) for step in ("install", "prune", "check"))
        restored = found.plan.restored
        back = f", {len(restored)} files put back" if restored else ""
        self.reporter.step(
            layer.title,
            f"installed and pruned ({layer.prune}): {mib(installed)} → {mib(kept)}{back}"
            f" ({seconds:.1f} s)",
        )
        if found.proof and found.proof.interpreter:
            self.reporter.step(
                layer.title,
                f"proved {len(found.proof.imported)} imports with Python"
                f" {found.proof.interpreter} ({clock.seconds['prove']:.1f} s)",
            )

    def _tell_packed(self, layer: Layer, result: BuildResult, clock: Clock) -> None:
        packed, weight = result.record.account.bytecode, result.archive.weight
        with_bytecode = f", bytecode of {packed.files:,} modules" if packed.files else ""
        self.reporter.step(
            layer.title,
            f"zipped {result.archive.files:,} files, {mib(weight.unzipped_bytes)} →"
            f" {mib(weight.zip_bytes)}{with_bytecode} ({clock.seconds['archive']:.1f} s)",
        )


def _left(tree: Tree, keep: Path) -> LowerLayer:
    """Leave a proven tree for the layers above."""
    keep.mkdir()
    return LowerLayer(
        root=tree.root.rename(keep / "python"), bytecode=tree.bytecode.rename(keep / "bytecode")
    )


def _refuse_too_large(installed_tree: InstalledTree) -> None:
    total = installed_tree.included_bytes + sum(
        package.bytes_kept for package in installed_tree.packages
    )
    if total > _CONTAINER_BYTES:
        heaviest = sorted(installed_tree.packages, key=lambda package: -package.bytes_kept)[:10]
        raise LimitError.because(
            f"it unzips to {mib(total)}; AWS allows 250 MiB for a function and all its layers",
            details=tuple(f"{p.bytes_kept:>13,} B  {p.name} {p.version}" for p in heaviest),
            advice=("this runs as a container image (10 GiB), not as a layer",),
        )


def _held_back(layer: Layer, resolution: Resolution) -> Sequence[Problem]:
    if not resolution.held_back:
        return ()
    glibc = ".".join(map(str, layer.target.glibc))
    return (
        Problem(
            message=f"glibc {glibc} of {layer.target.runtime} holds back"
            f" {len(resolution.held_back)} distributions",
            layer=layer.key,
            place=layer.place,
            details=tuple(
                f"{held.name} {held.version}; python3.12 and later take {held.newer}"
                for held in resolution.held_back
            ),
        ),
    )
