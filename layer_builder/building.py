"""Builds one layer: take it up if it is there, else resolve, fill, archive."""

import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from layer_builder import archive
from layer_builder.clock import Clock
from layer_builder.errors import LayerBuilderError, LimitError, ManifestError, Problem
from layer_builder.filling import Filled, Filler
from layer_builder.layer import Account, Archive, Layer, Package
from layer_builder.limits import mib
from layer_builder.order import Order
from layer_builder.resolution import Resolution
from layer_builder.resolving import Resolved
from layer_builder.shelf import Note, Shelf
from layer_builder.tree import Tree

_HOPELESS_BYTES = 1024 * 1024 * 1024
"""Four times what Lambda takes: compressing it would only delay the message."""


class Voice(Protocol):
    """Tells the user how a build goes."""

    def step(self, layer: str, text: str) -> None:
        """Say in one line what was done."""

    def busy(self, layer: str, text: str) -> None:
        """Show what is being done now; an empty text means nothing."""

    def warn(self, problem: Problem) -> None:
        """Say what the user should look at."""


@dataclass(frozen=True, kw_only=True)
class Product:
    """A finished build."""

    archive: Archive
    note: Note
    reused: bool = False


@dataclass(frozen=True, kw_only=True)
class Builder:
    """Makes products and puts them on the shelf."""

    filler: Filler
    shelf: Shelf
    voice: Voice
    command: str

    def take_up(self, order: Order) -> Product | None:
        """Give what `build` left for a layer, if it is still what the manifest asks for."""
        shelved = self.shelf.find(order.layer.stem)
        if not shelved or shelved[0].made_by != "build" or shelved[0].recipe != order.recipe.key:
            return None
        note, made = shelved
        self.voice.step(order.layer.title, f"took up {made.path.name} that `build` left")
        return Product(archive=made, note=note, reused=True)

    def build(self, resolved: Resolved, below: Sequence[Archive] = ()) -> Product:
        """Build, or take up what is on the shelf. Errors name the layer and its line."""
        layer = resolved.order.layer
        try:
            product = self._build(resolved, below)
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

    def _build(self, resolved: Resolved, below: Sequence[Archive]) -> Product:
        order = resolved.order
        layer, recipe = order.layer, order.recipe
        clock = Clock(partial(self.voice.busy, layer.title))
        shelved = self.shelf.find(layer.stem)
        if shelved and shelved[0].content == resolved.content_key:
            note, made = shelved
            self.voice.step(layer.title, f"nothing changed: {made.path.name} is up to date")
            return Product(archive=made, note=note, reused=True)
        with tempfile.TemporaryDirectory(prefix="layer-builder-") as folder:
            tree = Tree.below(Path(folder))
            for lower in below:
                archive.extract(lower.path, tree.lower)
            filled = self.filler.fill(resolved, tree, clock)
            self._tell_filled(layer, filled.account, clock)
            made = self._archive(order, tree, filled.account, clock)
        note = Note(
            recipe=recipe.key,
            content=resolved.content_key,
            made_by=self.command,
            sha256=made.sha256,
            weight=made.weight,
            files=made.files,
            account=replace(
                filled.account,
                packages=_with_zipped(filled, archive.sizes(made.path)),
                warnings=(*_held_back(layer, resolved.own), *filled.account.warnings),
                seconds=clock.seconds,
            ),
        )
        self.shelf.keep(layer.stem, note)
        return Product(archive=made, note=note)

    def _archive(self, order: Order, tree: Tree, account: Account, clock: Clock) -> Archive:
        layer = order.layer
        members = [
            archive.Member(
                path=f"python/{entry.path}",
                source=tree.root / entry.path,
                executable=entry.executable,
            )
            for entry in tree.scan()
        ]
        members += [
            archive.Member(path=file.path, source=file.source, executable=file.executable)
            for file in order.files.files
            if not file.path.startswith("python/")
        ]
        if not members:
            raise ManifestError.because(
                "nothing is left in it, and AWS refuses an empty layer",
                advice=("check include:, exclude: and drop:",),
            )
        total = account.included_bytes + sum(p.bytes_kept for p in account.packages)
        if total > _HOPELESS_BYTES:
            raise _hopeless(total, account)
        with clock.step("archive"):
            made = archive.write(members, self.shelf.zip_path(layer.stem), layer.compression)
        self.voice.step(
            layer.title,
            f"zipped {made.files:,} files, {mib(made.weight.unzipped_bytes)} →"
            f" {mib(made.weight.zip_bytes)} ({clock.seconds['archive']:.1f} s)",
        )
        return made

    def _tell_filled(self, layer: Layer, account: Account, clock: Clock) -> None:
        if not account.packages:
            return
        installed = sum(package.bytes_installed for package in account.packages)
        kept = sum(package.bytes_kept for package in account.packages)
        seconds = sum(clock.seconds.get(step, 0.0) for step in ("install", "prune", "check"))
        back = f", {len(account.restored)} files put back" if account.restored else ""
        self.voice.step(
            layer.title,
            f"installed and pruned ({layer.prune}): {mib(installed)} → {mib(kept)}{back}"
            f" ({seconds:.1f} s)",
        )
        if account.proof and account.proof.interpreter:
            self.voice.step(
                layer.title,
                f"proved {len(account.proof.imported)} imports with Python"
                f" {account.proof.interpreter} ({clock.seconds['prove']:.1f} s)",
            )


def _with_zipped(filled: Filled, sizes: Mapping[str, int]) -> tuple[Package, ...]:
    """Add to each distribution what it takes in the zip."""
    zipped: Counter[str] = Counter()
    for path, owner in filled.owners.items():
        zipped[owner] += sizes.get(f"python/{path}", 0)
    return tuple(
        replace(package, bytes_zipped=zipped[package.name]) for package in filled.account.packages
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


def _hopeless(total: int, account: Account) -> LimitError:
    heaviest = sorted(account.packages, key=lambda package: -package.bytes_kept)[:10]
    return LimitError.because(
        f"it unzips to {mib(total)}; AWS allows 250 MiB for a function and all its layers",
        details=tuple(f"{p.bytes_kept:>13,} B  {p.name} {p.version}" for p in heaviest),
        advice=("this runs as a container image (10 GiB), not as a layer",),
    )
