"""What comes from no index, in uv's words: files for it to take, and versions for what it says of them.

uv knows a direct reference by its address, all the rest of a resolution by versions. Here it gets the
address of a file that has the content, and what it answers is written as a pin, so that locks,
layers and installations know one form only.
"""

import re
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion

from layer_builder.direct import (
    BuiltSource,
    DirectReference,
    LocalSource,
    SourceStore,
    StoredSource,
)
from layer_builder.errors import InstallError
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Pin
from layer_builder.sources import Requirements
from layer_builder.tree import find_distributions

_DIRECT = re.compile(r"^([a-z0-9][a-z0-9._-]*) @ (\S+)", re.MULTILINE)


class BuildWheel(Protocol):
    """Has a requirement's wheel built, and installs it into a folder."""

    def __call__(self, name: str, line: str, into: Path) -> None:
        """Raises InstallError."""


@dataclass(frozen=True, kw_only=True)
class PlacedSource:
    """A direct reference with the file that has its content, and the version of that."""

    reference: DirectReference
    stored: StoredSource
    built: BuiltSource

    @property
    def version(self) -> str:
        """Of its wheel."""
        return self.built.version

    @property
    def pin(self) -> Pin:
        """What is installed: as it is for a version from an index, the digest is of the sources."""
        name, digest = self.reference.name, f"sha256:{self.stored.sha256}"
        return Pin(name=name, version=self.version, hashes=(digest,))


@dataclass(frozen=True, kw_only=True)
class PlacedSources:
    """Those of a resolution, by name."""

    found: dict[str, PlacedSource] = field(default_factory=dict)
    _lines: dict[str, str] = field(default_factory=dict)
    _named: dict[str, set[str]] = field(default_factory=dict)
    """What is required by addresses, such as a path on the machine that built a wheel."""

    @property
    def own_pins(self) -> dict[str, Pin]:
        """Pins of the workspace's projects, by name."""
        return {name: one.pin for name, one in self.found.items()
                if isinstance(one.reference.origin, LocalSource)
                and one.reference.origin.is_project}  # fmt: skip

    @property
    def hashes(self) -> dict[str, frozenset[str]]:
        """The digests of their files by name."""
        return {name: frozenset(one.pin.hashes) for name, one in self.found.items()}

    def build(self, build: Iterable[str]) -> tuple[str, ...]:
        """Name what may be built, with what is built from here.

        Of that the reader of requirements has refused what `build:` does not name in its layer.
        """
        made = {name: one.reference.is_built for name, one in self.found.items()}
        others = (name for name in build if name not in made)
        return tuple(sorted({*others, *(name for name, is_built in made.items() if is_built)}))

    def write(self, folder: Path, requirements: Requirements) -> tuple[str, ...]:
        """Write what uv is to resolve into files of a folder; gives the arguments that name them.

        Where everything is stands in constraints: it may be required without being asked for.
        """
        asked, limits, others = (folder / f"{name}.txt" for name in ("asked", "limits", "others"))
        own = replace(requirements, lines=self._for_uv(requirements.lines))
        asked.write_text(own.text, encoding="utf-8")
        everywhere = (f"{name} @ {one.stored.url}" for name, one in self.found.items())
        lines = dict.fromkeys((*self._for_uv(requirements.constraints), *everywhere))
        limits.write_text("\n".join(lines), encoding="utf-8")
        others.write_text("\n".join(self.overrides), encoding="utf-8")
        return ("--constraints", str(limits), "--overrides", str(others), str(asked))

    def _for_uv(self, lines: Iterable[str]) -> tuple[str, ...]:
        return tuple(self._lines.get(line, line) for line in lines)

    @property
    def overrides(self) -> list[str]:
        """Write requirements that take the place of those with addresses of their own."""
        asked: dict[str, set[str]] = {}
        for line in self._lines.values():
            asked.setdefault(Requirement(line).name, set()).update(Requirement(line).extras)
        return [
            f"{name}[{','.join(sorted(extras | asked.get(name, set())))}] @ {self.found[name].stored.url}"
            for name, extras in sorted(self._named.items())
        ]

    def locked(self, output: str) -> str:
        """Write what uv says with versions for addresses. Raises InstallError for one that is not ours.

        A wheel's metadata may require an address, which nobody has named or seen.
        """

        def version(match: re.Match[str]) -> str:
            name, url = match.groups()
            placed = self.found.get(name)
            if placed is None or _plain(url) != _plain(placed.stored.url):
                raise _unnamed(name, url)
            return f"{name}=={placed.version}"

        return _DIRECT.sub(version, output)

    def to_install(self, pins: Sequence[Pin]) -> str:
        """Write a requirements file of pins for uv."""
        return "".join(f"{self._pin(pin)}\n" for pin in pins)

    def _pin(self, pin: Pin) -> str:
        if pin.name not in self.found:
            return str(pin)
        placed = self.found[pin.name]
        if placed.pin != pin:
            raise InstallError.because(
                f"{pin.name} is locked as {pin}, and {placed.reference.origin.address} is"
                f" {placed.version} with {placed.pin.hashes[0]}",
                advice=("`layer-builder lock` brings the lock up to date",),
            )
        return f"{pin.name} @ {placed.stored.url} --hash={placed.pin.hashes[0]}"


def place_sources(
    references: Sequence[DirectReference], store: SourceStore, build: BuildWheel
) -> PlacedSources:
    """Have everything at hand that comes from no index.

    Raises InstallError for what cannot be fetched or built, is asked for from two places, or is no
    pure Python.
    """
    found: dict[str, PlacedSource] = {}
    lines: dict[str, str] = {}
    for reference in references:
        placed = found.get(reference.name)
        if placed is None:
            placed = found[reference.name] = _place(reference, store, build)
        elif placed.reference.origin != reference.origin:
            raise InstallError.because(
                f"{reference.name} is asked for from two places, and layers that are loaded together"
                " have one of each",
                place=reference.place,
                details=(placed.reference.line, reference.line),
            )
        lines[reference.line] = reference.at(placed.stored.url)
    named = _by_address(found.values())
    for name in sorted(named.keys() - found.keys()):
        raise _unnamed(name, "an address of its own")
    return PlacedSources(found=found, _lines=lines, _named=named)


def _place(reference: DirectReference, store: SourceStore, build: BuildWheel) -> PlacedSource:
    try:
        stored = store.find(reference)
    except InstallError as error:
        raise error.about("", reference.place) from error
    built = store.look(reference.name, stored, lambda: _look_at(reference, stored, build))
    return PlacedSource(reference=reference, stored=stored, built=built)


def _look_at(reference: DirectReference, stored: StoredSource, build: BuildWheel) -> BuiltSource:
    """Find out a version: a wheel's name tells it, a backend tells it of sources."""
    if not reference.is_built:
        file = unquote(stored.url.partition("#")[0].partition("?")[0].rpartition("/")[2])
        try:
            return BuiltSource(version=str(parse_wheel_filename(file)[1]))
        except (InvalidWheelFilename, InvalidVersion):
            raise InstallError.because(
                f"{file} is no name of a wheel", place=reference.place
            ) from None
    with tempfile.TemporaryDirectory(prefix="layer-builder-built-") as folder:
        line = f"{reference.name} @ {stored.url} --hash=sha256:{stored.sha256}"
        try:
            build(reference.name, line, Path(folder))
        except InstallError as error:
            raise error.about("", reference.place) from error
        root = Path(folder)
        paths = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
        (made,) = find_distributions(paths, lambda path: (root / path).read_bytes())
    if not made.is_pure or any(not tag.endswith("-any") for tag in made.tags):
        raise InstallError.because(
            f"{reference.name} {made.version} from {reference.origin.address} builds a wheel for"
            f" {' '.join(made.tags)}: what is compiled here may not load in Lambda",
            place=reference.place,
            details=tuple(path for path in made.files if path.endswith(".so")),
            advice=("build its wheel for the target, and name that by its path or URL",),
        )
    return BuiltSource(version=made.version, requires=made.requires)


def _by_address(found: Iterable[PlacedSource]) -> dict[str, set[str]]:
    """List what wheels require by an address instead of a version, with the extras that they ask for."""
    named: dict[str, set[str]] = {}
    for placed in found:
        for line in placed.built.requires:
            try:
                required = Requirement(line)
            except (ValueError, RecursionError):
                continue  # uv says what is wrong with it
            if required.url and "extra" not in str(required.marker or ""):
                named.setdefault(canonicalize_name(required.name), set()).update(required.extras)
    return named


def _plain(url: str) -> str:
    return url.partition("#")[0]


def _unnamed(name: str, url: str) -> InstallError:
    return InstallError.because(
        f"something requires {name} from {url}, which the layer does not name",
        advice=(f"name it, too: {name} @ … under packages:, with a commit or a sha256",),
    )
