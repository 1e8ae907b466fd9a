"""Builds one layer: take it up if it is there, else fill a tree, prove it and pack it meanwhile."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from layer_builder.archive import reader
from layer_builder.archive.build_cache import BuildCache
from layer_builder.archive.output_dir import Note, Shelf
from layer_builder.archive.scratch import Scratch
from layer_builder.builder import accounting, proof_step
from layer_builder.builder import install as filling
from layer_builder.builder.bytecode import Variant
from layer_builder.builder.install import Filled
from layer_builder.builder.packer import Packer
from layer_builder.builder.proof_step import Evidence, Ground
from layer_builder.console import Voice
from layer_builder.errors import LayerBuilderError, LimitError, Problem
from layer_builder.model.build import Account, Archive, Packed
from layer_builder.model.layer import Layer
from layer_builder.model.limits import mib
from layer_builder.model.resolution import Resolution
from layer_builder.prove.prover import FindProver
from layer_builder.resolve.resolver import Installer, Resolved
from layer_builder.sources.request import LayerRequest
from layer_builder.timing import Clock
from layer_builder.tree.tree import Tree

_HOPELESS_BYTES = 1024 * 1024 * 1024
"""Four times what Lambda takes: compressing it would only delay the message."""


@dataclass(frozen=True, kw_only=True)
class Product:
    """A finished build."""

    archive: Archive
    note: Note
    reused: bool = False
    smaller: tuple["Product", ...] = ()
    """The same with less bytecode, the most first, where `bytecode: auto` leaves a choice."""
    ground: Ground | None = None
    """What layers above can stand on; None for one that was not asked for, or not made now."""


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Makes products and puts them on the shelf."""

    installer: Installer
    find_prover: FindProver
    scratch: Scratch
    shelf: Shelf
    voice: Voice
    command: str
    cache: BuildCache
    through_s3: bool = False

    def take_up(self, order: LayerRequest) -> Product | None:
        """Give what `build` left for a layer, if it is still what the manifest asks for."""
        shelved = self.shelf.find(order.layer.stem)
        if not shelved or shelved[0].made_by != "build" or shelved[0].recipe != order.key:
            return None
        note, made = shelved
        self.voice.step(order.layer.title, f"took up {made.path.name} that `build` left")
        return Product(archive=made, note=note, reused=True)

    def build(
        self,
        resolved: Resolved,
        below: Callable[[], Sequence[Ground]] = tuple,
        keep: Path | None = None,
    ) -> Product:
        """Build, or take up what is on the shelf. Errors name the layer and its line.

        `below` gives the layers that it stands on, and is called when they are needed. With `keep`,
        a new folder, the proven tree is left there for others to stand on.
        """
        layer = resolved.order.layer
        try:
            product = self._build(resolved, below, keep)
        except LayerBuilderError as error:
            raise type(error)(
                *(
                    replace(p, layer=p.layer or layer.key, place=p.place or layer.place)
                    for p in error.problems
                )
            ) from error
        for warning in product.note.account.warnings:
            self.voice.warn(warning)
        return product

    def settle(self, product: Product, chosen: Product) -> Product:
        """Make one of a product's choices the layer's zip."""
        stem = chosen.note.stem
        made = self.shelf.receive(chosen.archive, stem)
        self.shelf.keep(stem, chosen.note)
        try:
            self.cache.keep(made, chosen.note)
        except OSError as error:
            self.voice.step(stem, f"not kept for later runs: {error}")
        return replace(chosen, archive=made, smaller=(), ground=product.ground)

    def _build(
        self, resolved: Resolved, below: Callable[[], Sequence[Ground]], keep: Path | None
    ) -> Product:
        layer = resolved.order.layer
        shelved = self.shelf.find(layer.stem)
        if shelved and shelved[0].content == resolved.content_key:
            note, made = shelved
            self.voice.step(layer.title, f"nothing changed: {made.path.name} is up to date")
            return Product(archive=made, note=note, reused=True)
        if cached := self.cache.find(resolved.content_key):
            with suppress(FileNotFoundError):  # another run needed its room meanwhile
                return self._take_cached(resolved.order, *cached)
        with self.scratch.folder() as folder:
            tree = Tree.below(folder)
            clock = Clock(partial(self.voice.busy, layer.title))
            filled = filling.fill(resolved, tree, self.installer, clock)
            _refuse_hopeless(filled)
            packer = Packer(order=resolved.order, filled=filled, folder=folder)
            made, found = self._prove_and_pack(packer, below, clock)
            if found.plan != filled.plan:
                back = filled.plan.removed_paths - found.plan.removed_paths
                filled = filled.following(found.plan)
                packer = replace(packer, filled=filled)
                made = packer.plain(made, stale=back | tree.sealed)
            self._tell_proven(layer, filled, found, clock)
            with clock.step("bytecode"):
                variants = list(
                    packer.variants(made, found, self.find_prover, through_s3=self.through_s3)
                )
            products = [
                self._product(resolved, filled, found, variant, clock, is_only=len(variants) == 1)
                for variant in variants
            ]
            ground = _left(tree, keep) if keep else None
        self._tell_packed(layer, products[0], clock)
        first = replace(products[0], smaller=tuple(products[1:]), ground=ground)
        return first if first.smaller else self.settle(first, first)

    def _take_cached(self, order: LayerRequest, note: Note, cached: Archive) -> Product:
        layer = order.layer
        account = replace(
            note.account,
            warnings=tuple(
                replace(warning, layer=layer.key, place=layer.place)
                for warning in note.account.warnings
            ),
        )
        mine = replace(
            note, stem=layer.stem, recipe=order.key, made_by=self.command, account=account
        )
        made = self.shelf.copy(cached, layer.stem)
        self.shelf.keep(layer.stem, mine)
        proof = account.proof
        proven = (
            f", proven then with Python {proof.interpreter}" if proof and proof.interpreter else ""
        )
        self.voice.step(layer.title, f"took {made.path.name} from the cache{proven}")
        return Product(archive=made, note=mine, reused=True)

    def _prove_and_pack(
        self, packer: Packer, below: Callable[[], Sequence[Ground]], clock: Clock
    ) -> tuple[Archive, Evidence]:
        """Compress the tree while it is being proven; most proofs find nothing to put back."""

        def pack() -> Archive:
            with clock.step("archive"):
                return packer.plain()

        with ThreadPoolExecutor(max_workers=1) as pool:
            packing = pool.submit(pack)
            found = proof_step.prove(packer.filled, self.find_prover, below, packing.result, clock)
            return packing.result(), found

    def _product(  # noqa: PLR0913 (all that a note tells)
        self,
        resolved: Resolved,
        filled: Filled,
        found: Evidence,
        variant: Variant,
        clock: Clock,
        *,
        is_only: bool,
    ) -> Product:
        layer = resolved.order.layer
        name = layer.stem if is_only else f".{layer.stem}.{variant.mode}"
        made = self.shelf.receive(variant.archive, name)
        warnings = (
            replace(warning, layer=layer.key, place=layer.place)
            for warning in (*filled.warnings, *found.warnings)
        )
        account = Account(
            packages=accounting.with_zipped(
                filled.packages, filled.owners, reader.sizes(made.path)
            ),
            pruned=accounting.totals(found.plan, filled.to_runtime, filled.before),
            restored=found.plan.restored,
            held_back=resolved.own.held_back,
            proof=found.proof,
            bytecode=Packed(mode=variant.mode, files=variant.files, bytes=variant.bytes),
            warnings=(*_held_back(layer, resolved.own), *warnings),
            included_bytes=filled.included_bytes,
            seconds=dict(clock.seconds),
        )
        note = Note(
            stem=layer.stem,
            recipe=resolved.order.key,
            content=resolved.content_key,
            made_by=self.command,
            sha256=made.sha256,
            weight=made.weight,
            files=made.files,
            account=account,
        )
        return Product(archive=made, note=note)

    def _tell_proven(self, layer: Layer, filled: Filled, found: Evidence, clock: Clock) -> None:
        if not filled.installed:
            return
        installed = sum(package.bytes_installed for package in filled.packages)
        kept = sum(package.bytes_kept for package in filled.packages)
        seconds = sum(clock.seconds.get(step, 0.0) for step in ("install", "prune", "check"))
        restored = found.plan.restored
        back = f", {len(restored)} files put back" if restored else ""
        self.voice.step(
            layer.title,
            f"installed and pruned ({layer.prune}): {mib(installed)} → {mib(kept)}{back}"
            f" ({seconds:.1f} s)",
        )
        if found.proof and found.proof.interpreter:
            self.voice.step(
                layer.title,
                f"proved {len(found.proof.imported)} imports with Python"
                f" {found.proof.interpreter} ({clock.seconds['prove']:.1f} s)",
            )

    def _tell_packed(self, layer: Layer, product: Product, clock: Clock) -> None:
        packed, weight = product.note.account.bytecode, product.archive.weight
        with_bytecode = f", bytecode of {packed.files:,} modules" if packed.files else ""
        self.voice.step(
            layer.title,
            f"zipped {product.archive.files:,} files, {mib(weight.unzipped_bytes)} →"
            f" {mib(weight.zip_bytes)}{with_bytecode} ({clock.seconds['archive']:.1f} s)",
        )


def _left(tree: Tree, keep: Path) -> Ground:
    """Leave a proven tree for the layers above."""
    keep.mkdir()
    return Ground(
        root=tree.root.rename(keep / "python"), bytecode=tree.bytecode.rename(keep / "bytecode")
    )


def _refuse_hopeless(filled: Filled) -> None:
    total = filled.included_bytes + sum(package.bytes_kept for package in filled.packages)
    if total > _HOPELESS_BYTES:
        heaviest = sorted(filled.packages, key=lambda package: -package.bytes_kept)[:10]
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
