"""Compiles a tree's sources before anything is imported: on all cores, by us, and each content once."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import field
from pathlib import Path

from layer_builder.bytecode.kept import KeptBytecode
from layer_builder.bytecode.reach import likely_loaded
from layer_builder.keeping import PartCache
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Bytecode, CompiledSource, Layer, ProofDepth, Python
from layer_builder.prove import FindProver, Prover, prover_for
from layer_builder.scans import Scan, scan_anew
from layer_builder.tree import Tree

# Flags and hash follow the magic number: https://peps.python.org/pep-0552/#specification
_MAGIC_BYTES, _FLAGS_BYTES = 4, 4
_UNCHECKED = (0b01).to_bytes(_FLAGS_BYTES, "little")
_IMPORTING = frozenset({ProofDepth.IMPORTS, ProofDepth.DEEP})
_UNSTEADY = frozenset({Python.PY310})
"""Each file is compiled in a process of its own for it, which costs more than the imports do."""
_OF_ALL = frozenset({Bytecode.ALL, Bytecode.AUTO})
_NEVER_LOADED = frozenset({"test", "tests"})
"""Folders whose modules are hardly ever imported by others, and often pruned."""


@dataclass(frozen=True, kw_only=True)
class CompiledSources:
    """Bytecode that was made of sources and by no import, in a folder of its own."""

    folder: Path
    """Each lies there by its source's name and a `c`; Python compares it with that (PEP 552)."""
    sources: Mapping[str, CompiledSource] = field(default_factory=dict)
    """By path."""
    taken: int = 0
    """How many were compiled for an earlier build."""

    def packable(self, path: str, source: Path) -> bytes | None:
        """Give the bytecode of a source as a layer has it; None where that was not compiled.

        Lambda's /opt is read-only, so nothing there can differ: the unchecked kind spares reading
        the sources at each start. Raises OSError.
        """
        compiled = self.sources.get(path)
        if not compiled or hashlib.sha256(source.read_bytes()).hexdigest() != compiled.sha256:
            return None
        return unchecked((self.folder / f"{path}c").read_bytes())


def unchecked(bytecode: bytes) -> bytes:
    """Give bytecode that holds its source's hash, of the kind that is not compared with it."""
    return bytecode[:_MAGIC_BYTES] + _UNCHECKED + bytecode[_MAGIC_BYTES + _FLAGS_BYTES :]


@dataclass(kw_only=True)
class Ahead:
    """Compiles one layer's sources on a thread, while it is pruned."""

    layer: Layer
    find_prover: FindProver
    parts: PartCache
    pool: ThreadPoolExecutor
    scan: Scan = scan_anew
    """Remembers what was read out of the layer's files."""
    _sought: Future[Prover | None] | None = None
    _begun: Future[CompiledSources] | None = None
    _kept: KeptBytecode = field(default_factory=KeptBytecode)

    def seek(self) -> None:
        """Look for the Python that compiles, while what is to be compiled is installed."""
        if self._is_needed:
            self._sought = self.pool.submit(
                prover_for, self.layer, self.find_prover, any_architecture=True
            )

    def begin(self, tree: Tree) -> None:
        """Begin, where a Python was looked for and found."""
        prover = self._sought.result() if self._sought else None
        if prover is None:
            return
        about = f"bytecode of {self.layer.title} by {prover.version}" if prover.version else ""
        self._kept = KeptBytecode(parts=self.parts if about else PartCache(), about=about)
        self._begun = self.pool.submit(self._compile, tree.root, tree.compiled, prover)

    def _compile(self, root: Path, into: Path, prover: Prover) -> CompiledSources:
        """Compile sources to a new folder, or take what was kept of the same contents.

        Files may go from the tree meanwhile.
        """
        into.mkdir()
        paths = sorted(_sources(root))
        if self.layer.proof is not ProofDepth.DEEP and self.layer.bytecode not in _OF_ALL:
            paths = likely_loaded(root, paths, self.scan)
        taken = self._kept.take(root, paths, into)
        left = [path for path in paths if path not in taken]
        done = prover.compile(root, left, into, taken)
        return CompiledSources(folder=into, sources=done.sources, taken=len(taken))

    @property
    def _is_needed(self) -> bool:
        """Tell whether imports will need bytecode that is the same each time it is made."""
        is_read = self.layer.proof in _IMPORTING or self.layer.bytecode is not Bytecode.NONE
        return is_read and self.layer.target.python not in _UNSTEADY

    def result(self) -> CompiledSources | None:
        """Wait for it; None where nothing was begun.

        Raises InstallError when the interpreter fails, ProofError where it must be isolated and
        cannot be.
        """
        return self._begun.result() if self._begun else None

    def keep(self, scratch: Path) -> None:
        """Keep for later builds what was not kept yet; where that fails, it is compiled again."""
        done = self.result()
        if done and len(done.sources) > done.taken:
            with suppress(OSError):
                self._kept.keep(done.sources, done.folder, scratch)


def _sources(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _NEVER_LOADED]
        below = os.path.relpath(folder, root)
        for name in names:
            if name.endswith(".py"):
                yield name if below == "." else f"{below}/{name}"
