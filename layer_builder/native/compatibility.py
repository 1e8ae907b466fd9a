"""Checks a layer's native libraries: would they load on the target?"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path, PurePosixPath

from pydantic import TypeAdapter

from layer_builder.errors import InstallError, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import InstalledFile, Layer, ProofDepth, Target
from layer_builder.native.base_system import base_libraries
from layer_builder.native.elf import ELF_MAGIC, Elf, read_elf
from layer_builder.scans import Scan, scan_anew
from layer_builder.tree import Distribution, Tree

_TEXT_SUFFIXES = frozenset(
    {".py", ".pyi", ".json", ".txt", ".md", ".gz", ".csv", ".html", ".css", ".js"}
)


_ABI = re.compile(r"\.cpython-(?P<version>3\d+)[a-z]*(?:-\w+-linux-\w+)?\.so$")
"""The ABI tag in an extension's file name, PEP 3149; `abi3` fits every Python."""


_MAX_LINES = 5
"""Libraries that a problem names."""


@dataclass(frozen=True, kw_only=True)
class Wheel:
    """The wheel that a distribution was installed from."""

    name: str
    version: str
    tags: tuple[str, ...]

    def __str__(self) -> str:
        """Name it as its file is named."""
        return f"{self.name} {self.version} ({', '.join(self.tags) or 'no tag'})"


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What is wrong, and what may be."""

    errors: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


@cache
def _facts() -> TypeAdapter[Elf | None]:
    return TypeAdapter(Elf | None)


def _plain_facts(content: bytes) -> object:
    return _facts().dump_python(read_elf(content), mode="json")


def scan_libraries(
    tree: Tree, entries: Iterable[InstalledFile], scan: Scan = scan_anew
) -> dict[str, Elf]:
    """Read every ELF file among these, by path."""
    libraries = {}
    for entry in entries:
        if Path(entry.path).suffix in _TEXT_SUFFIXES or entry.size < len(ELF_MAGIC):
            continue
        with (tree.root / entry.path).open("rb") as file:
            if file.read(len(ELF_MAGIC)) != ELF_MAGIC:
                continue
        library = _facts().validate_python(scan("elf", tree.read(entry.path), _plain_facts))
        if library:
            libraries[entry.path] = library
    return libraries


def check_libraries(
    tree: Tree,
    files: Iterable[InstalledFile],
    layer: Layer,
    distributions: Iterable[Distribution],
    scan: Scan = scan_anew,
) -> tuple[dict[str, Elf], list[Problem]]:
    """Read the libraries among files; give them by path, and warnings of what may not load.

    Raises InstallError, naming the wheel, for what cannot load on the target.
    """
    libraries = scan_libraries(tree, files, scan)
    wheels = {
        path: Wheel(name=one.name, version=one.version, tags=one.tags)
        for one in distributions
        for path in one.files
    }
    beside = {path.name for path in tree.libraries.glob("*")}
    return libraries, check_compatibility(libraries, layer, wheels, beside)


def check_compatibility(
    libraries: Mapping[str, Elf],
    layer: Layer,
    wheels: Mapping[str, Wheel],
    beside: Collection[str] = (),
) -> list[Problem]:
    """Give what may not load; `beside` names the libraries in the layer's lib/.

    Raises InstallError, naming the wheel, for what cannot.
    """
    if layer.proof is ProofDepth.OFF:
        return []
    findings = compatibility_findings(libraries, layer.target, wheels, beside)
    if findings.errors:
        raise InstallError(*findings.errors)
    return list(findings.warnings)


def newest_symbols(target: Target) -> Mapping[str, tuple[int, ...]]:
    """Give the newest symbol versions of the base system's C and C++ libraries.

    Amazon Linux 2 has glibc 2.26 and libstdc++ of GCC 7; Amazon Linux 2023 glibc 2.34 and GCC 11:
    https://gcc.gnu.org/onlinedocs/libstdc++/manual/abi.html
    """
    if target.glibc == (2, 26):
        return {"GLIBC": (2, 26), "GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11)}
    return {"GLIBC": (2, 34), "GLIBCXX": (3, 4, 29), "CXXABI": (1, 3, 13)}


def compatibility_findings(
    libraries: Mapping[str, Elf],
    target: Target,
    wheels: Mapping[str, Wheel],
    beside: Collection[str] = (),
) -> Findings:
    """Check every ELF file of a layer, by path.

    `wheels` tells where a path came from, `beside` names the libraries in the layer's lib/.
    """
    names = {PurePosixPath(path).name for path in libraries} | set(beside)
    sources = {path: str(wheels.get(path, path)) for path in libraries}
    foreign = {path: _foreign(path, library, target) for path, library in libraries.items()}
    fitting = {sources[path] for path, why in foreign.items() if not why}
    errors: dict[str, list[str]] = defaultdict(list)
    warnings: dict[str, list[str]] = defaultdict(list)
    for path, library in sorted(libraries.items()):
        source = sources[path]
        if foreign[path]:
            # Some wheels ship a library for each machine and pick one as they run.
            problems = warnings if source in fitting else errors
            problems[source].append(f"{path}: {foreign[path]}")
            continue
        if fatal := _fatal(library, target, names):
            errors[source].append(f"{path}: {fatal}")
        if missing := _missing(library, names, target):
            warnings[source].append(
                f"{path}: needs {', '.join(missing)}, which neither the layer nor the runtime has"
            )
    return Findings(
        errors=_problems(errors, f"cannot load on {target.runtime} {target.architecture}"),
        warnings=_problems(warnings, "has libraries that may not load"),
    )


def _fatal(library: Elf, target: Target, names: set[str]) -> str:
    """Say why the loader would refuse a library of the right architecture."""
    # p_vaddr and p_offset have to agree modulo the page size, or mmap cannot place the segment:
    # https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html
    if not library.is_aligned:
        return "a segment is not page-aligned; the file is damaged (by strip, most likely)"
    for family, newest in newest_symbols(target).items():
        # A process has one library of a name: the layer's own libstdc++ stands for the runtime's.
        # https://man7.org/linux/man-pages/man8/ld.so.8.html
        if family != "GLIBC" and "libstdc++.so.6" in names:
            continue
        needs = library.highest(family)
        if needs > newest:
            return f"needs {family}_{_dotted(needs)}; the runtime has {family}_{_dotted(newest)}"
    return ""


def _foreign(path: str, library: Elf, target: Target) -> str:
    """Say why a file is for another machine or another Python."""
    if library.machine == "damaged":
        return "is damaged: its ELF header cannot be read"
    if library.machine != target.machine:
        return f"is for {library.machine}, the layer for {target.machine}"
    abi = _ABI.search(path)
    if abi and abi["version"] != target.python.replace(".", ""):
        return f"is an extension for Python 3.{abi['version'][1:]}"
    return ""


def _missing(library: Elf, names: set[str], target: Target) -> list[str]:
    """List needed libraries that are nowhere.

    One that is elsewhere in the layer counts as found: packages load such libraries beforehand.
    """
    base = base_libraries(target)
    return [name for name in library.needed if name not in base and name not in names]


def _problems(lines_of: Mapping[str, Sequence[str]], message: str) -> tuple[Problem, ...]:
    return tuple(
        Problem(
            message=f"{source} {message}",
            details=(
                *lines[:_MAX_LINES],
                *([f"and {len(lines) - _MAX_LINES} more"] if len(lines) > _MAX_LINES else []),
            ),
        )
        for source, lines in lines_of.items()
    )


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
