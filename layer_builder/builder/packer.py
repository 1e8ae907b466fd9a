"""Packs a tree: the zip as it is, and the zips with bytecode in them."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from layer_builder.archive import ZipMember, write_zip
from layer_builder.builder.install import InstalledTree
from layer_builder.bytecode import (
    CompiledSources,
    Variant,
    bytecode_path,
    fits,
    packed_modes,
    sources_of,
    unchecked,
)
from layer_builder.errors import InstallError, ManifestError
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Archive, Bytecode, PackedModules, Proof, PrunePlan
from layer_builder.prove import FindProver, Prover, prover_for
from layer_builder.sources import LayerRequest


@dataclass(frozen=True, kw_only=True)
class Packer:
    """Packs one tree, into a folder."""

    request: LayerRequest
    installed: InstalledTree
    folder: Path
    earlier: Path | None = None
    """The layer's zip as it was built before, at the same compression."""
    compiled: Callable[[], CompiledSources | None] = lambda: None
    """Waits for what is compiled before the proof."""

    def plain(self, base: Archive | None = None, stale: Collection[str] = ()) -> Archive:
        """Write the zip of the tree, or once more where some of its paths changed since.

        Raises ManifestError when there is nothing in it.
        """
        members = self._members()
        if not members:
            raise ManifestError.because(
                "nothing is left in it, and AWS refuses an empty layer",
                advice=("check include:, exclude: and drop:",),
            )
        return write_zip(
            members,
            self.folder / "plain.zip",
            self.request.layer.compression,
            base=base.path if base else None,
            stale={f"python/{path}" for path in stale},
            earlier=self.earlier,
        )

    def repack(self, archive: Archive, plan: PrunePlan) -> tuple["Packer", Archive]:
        """Write the zip of the tree anew after files came back, from the zip without them.

        Gives a packer of the tree as it is now, too.
        """
        back = self.installed.plan.removed_paths - plan.removed_paths
        packer = replace(self, installed=self.installed.following(plan))
        return packer, packer.plain(archive, stale=back | self.installed.tree.sealed)

    def variants(
        self, plain: Archive, proof: Proof | None, find_prover: FindProver
    ) -> Iterator[Variant]:
        """Write the zips that the layer's `bytecode:` may ask for, the largest first.

        Of `auto`, those that keep the layer's own limits, or the last; where functions will say which
        modules they load, all, to be taken from. Raises InstallError where
        there is no Python to compile with.
        """
        layer = self.request.layer
        asked = packed_modes(layer.bytecode)
        for mode in asked:
            variant = self._variant(mode, plain, proof, find_prover)
            if variant is None:
                continue
            is_last = mode is asked[-1]
            if is_last or self.request.loaded_by or fits(layer, variant.archive):
                yield variant

    def _variant(
        self, mode: PackedModules, plain: Archive, proof: Proof | None, find_prover: FindProver
    ) -> Variant | None:
        loaded = proof.loaded if proof else ()
        paths = sources_of(mode, [entry.path for entry in self.installed.kept], loaded)
        if not paths:
            return self._without(mode, plain, proof)
        prover = prover_for(self.request.layer, find_prover, any_architecture=True)
        if prover is None:
            return self._uncompiled(mode)
        # Made after the proof, whose own bytecode was written by processes that imported.
        into = self.folder / mode
        into.mkdir()
        compiled = self._compile(prover, paths, into)
        members = [
            ZipMember(
                path=f"python/{bytecode_path(path, self.request.layer.target)}",
                source=compiled[path],
            )
            for path in sorted(compiled)
        ]
        # A wheel may bring bytecode of its own, and `prune: off` keeps it: ours is the newer.
        renewed = {member.path for member in members}
        others = [member for member in self._members() if member.path not in renewed]
        return Variant(
            mode=mode,
            archive=write_zip(
                [*others, *members],
                self.folder / f"{mode}.zip",
                self.request.layer.compression,
                base=plain.path,
                stale=renewed,
                earlier=self.earlier,
            ),
            files=len(compiled),
            bytes=sum(path.stat().st_size for path in compiled.values()),
        )

    def _compile(self, prover: Prover, paths: Sequence[str], into: Path) -> dict[str, Path]:
        """Compile sources to a folder, but for those of which that is done; by source."""
        root, compiled = self.installed.tree.root, dict[str, bytes]()
        if ahead := self.compiled():
            found = {path: ahead.packable(path, root / path) for path in paths}
            compiled = {path: content for path, content in found.items() if content}
        left = [path for path in paths if path not in compiled]
        for path in prover.compile(root, left, into).sources if left else ():
            compiled[path] = unchecked((into / f"{path}c").read_bytes())
        for path, content in compiled.items():
            place = into / f"{path}c"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        return {path: into / f"{path}c" for path in compiled}

    def _without(self, mode: PackedModules, plain: Archive, proof: Proof | None) -> Variant | None:
        """Give the plain zip where there is nothing to compile, if that is no mistake."""
        layer = self.request.layer
        if layer.bytecode is Bytecode.AUTO and mode is not PackedModules.NONE:
            return None
        if mode is PackedModules.IMPORTED and (proof is None or proof.static):
            raise InstallError.because(
                "bytecode: imported is that of the modules which the proof loads, and nothing was"
                " imported",
                advice=(
                    f"run where there is a python{layer.target.python} for"
                    f" {layer.target.architecture}, or say bytecode: all or none",
                ),
            )
        return Variant(mode=mode, archive=plain)

    def _uncompiled(self, mode: PackedModules) -> Variant | None:
        layer = self.request.layer
        if layer.bytecode is Bytecode.AUTO:
            return None
        raise InstallError.because(
            f"bytecode: {mode} needs {layer.target.runtime} to compile with, and it is not on this"
            " machine",
            advice=("put it on PATH (in a workflow: actions/setup-python), or say bytecode: none",),
        )

    def _members(self) -> list[ZipMember]:
        tree = self.installed.tree
        members = [
            ZipMember(
                path=f"python/{entry.path}",
                source=tree.root / entry.path,
                executable=entry.executable,
            )
            for entry in self.installed.kept
        ]
        return members + [
            ZipMember(path=file.path, source=file.source, executable=file.executable)
            for file in self.request.files.files
            if not file.path.startswith("python/")
        ]
