"""The native libraries of a tree: found, judged against the target, stripped."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from layer_builder.errors import InstallError, Problem
from layer_builder.model.layer import Layer
from layer_builder.model.prune_plan import InstalledFile, Removal
from layer_builder.model.settings import ProofDepth
from layer_builder.native import compatibility, elf
from layer_builder.native import strip as stripping
from layer_builder.native.compatibility import Wheel
from layer_builder.native.elf import Elf
from layer_builder.tree.distributions import Distribution
from layer_builder.tree.tree import Tree

STRIP_RULE = "strip"
"""The rule that the bytes saved by stripping are booked under."""


_TEXTS = frozenset({".py", ".pyi", ".json", ".txt", ".md", ".gz", ".csv", ".html", ".css", ".js"})


def scan_libraries(tree: Tree, entries: Iterable[InstalledFile]) -> dict[str, Elf]:
    """Read every ELF file among these, by path."""
    found = {}
    for entry in entries:
        if Path(entry.path).suffix in _TEXTS or entry.size < len(elf.ELF_MAGIC):
            continue
        with (tree.root / entry.path).open("rb") as file:
            if file.read(len(elf.ELF_MAGIC)) != elf.ELF_MAGIC:
                continue
        library = elf.read_elf(tree.read(entry.path))
        if library:
            found[entry.path] = library
    return found


def check_libraries(
    tree: Tree, files: Iterable[InstalledFile], layer: Layer, distributions: Iterable[Distribution]
) -> tuple[dict[str, Elf], list[Problem]]:
    """Read the libraries among files; give them by path, and warnings of what may not load.

    Raises InstallError, naming the wheel, for what cannot load on the target.
    """
    libraries = scan_libraries(tree, files)
    wheels = {
        path: Wheel(name=one.name, version=one.version, tags=one.tags)
        for one in distributions
        for path in one.files
    }
    return libraries, check_compatibility(libraries, layer, wheels)


def check_compatibility(
    libraries: Mapping[str, Elf], layer: Layer, wheels: Mapping[str, Wheel]
) -> list[Problem]:
    """Give what may not load. Raises InstallError, naming the wheel, for what cannot."""
    if layer.proof is ProofDepth.OFF:
        return []
    findings = compatibility.compatibility_findings(libraries, layer.target, wheels)
    if findings.errors:
        raise InstallError(*findings.errors)
    return list(findings.warnings)


def strip_libraries(tree: Tree, libraries: Mapping[str, Elf]) -> list[Removal]:
    """Strip every library that comes out sound; the removals tell the bytes saved."""
    found = []
    for path, before in libraries.items():
        content = tree.read(path)
        stripped = stripping.strip_library(content)
        after = elf.read_elf(stripped)
        if after and len(stripped) < len(content) and stripping.loads_alike(before, after):
            tree.rewrite(path, stripped)
            saved = InstalledFile(path=path, size=len(content) - len(stripped))
            found.append(Removal(entry=saved, rule=STRIP_RULE))
    return found
