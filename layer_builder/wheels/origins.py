"""Which of the locked files a distribution was installed from.

A lock has the hashes of all files of a version. uv writes down of each wheel that it unpacked which
hash and name it had. Others may write to its cache: so only a locked hash is taken from there, and
what was installed has been compared with the locked wheels by other means.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from email.parser import HeaderParser
from pathlib import Path

from packaging.tags import Tag, parse_tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion

from layer_builder.model import Pin
from layer_builder.wheels.uv_cache import WHEELS

_PLACES = (f"{WHEELS}/pypi", f"{WHEELS}/index/*", f"{WHEELS}/flat-index/*")
"""Below these lies a folder for each distribution: PyPI's, other indexes', folders'."""

_POINTERS = frozenset({".http", ".rev"})

_MOST_BYTES = 64 * 1024
"""Of a pointer: they have some hundred."""

_HASH = re.compile(rb"Sha256\xd9@([0-9a-f]{64})")
"""As MessagePack has a name and a text of 64 characters: https://github.com/msgpack/msgpack/blob/master/spec.md."""


def wheel_hashes(pins: Sequence[Pin], into: Path, caches: Sequence[Path]) -> dict[str, str]:
    """Give the sha256 of the wheels that lie unpacked in a folder, by name; of the rest nothing."""
    found = {}
    for pin in pins:
        locked = {one.removeprefix("sha256:") for one in pin.hashes}
        if len(locked) > 1:
            locked = _taken(pin, locked, into, caches)
        if len(locked) == 1:
            found[pin.name] = locked.pop()
    return found


def _taken(pin: Pin, locked: set[str], into: Path, caches: Iterable[Path]) -> set[str]:
    """Say which of the locked hashes may be that of the wheel: by what caches hold, then by its tags."""
    held = {digest: tags for digest, tags in _held(pin, caches) if digest in locked}
    if len(held) > 1:
        wanted = _tags(pin, into)
        held = {digest: tags for digest, tags in held.items() if tags == wanted}
    return set(held)


def _held(pin: Pin, caches: Iterable[Path]) -> Iterator[tuple[str, frozenset[Tag]]]:
    """List the wheels of a version that caches hold: hashes and tags."""
    name = re.sub("-", "[-_.]+", pin.name).encode()
    file = re.compile(
        rb"(?i)"
        + name
        + rb"-[0-9a-z.!+_]+(?:-[0-9][0-9a-z_.]*)?-[0-9a-z_.]+-[0-9a-z_.]+-[0-9a-z_.]+\.whl"
    )
    for path in _pointers(pin, caches):
        try:
            with path.open("rb") as opened:
                content = opened.read(_MOST_BYTES)
        except OSError:
            continue
        digest, named = _HASH.search(content), file.search(content)
        try:
            if digest and named:
                of_whom, _, _, tags = parse_wheel_filename(named[0].decode())
                if of_whom == pin.name:
                    yield digest[1].decode(), tags
        except (InvalidWheelFilename, InvalidVersion):
            continue


def _pointers(pin: Pin, caches: Iterable[Path]) -> Iterator[Path]:
    for cache in caches:
        for place in _PLACES:
            for folder in sorted(cache.glob(f"{place}/{pin.name}")):
                for path in sorted(folder.glob(f"{pin.version}-*")):
                    if path.suffix in _POINTERS and path.is_file():
                        yield path


def _tags(pin: Pin, into: Path) -> frozenset[Tag]:
    """Read the tags that an unpacked wheel says it has."""
    for path in into.glob("*.dist-info/WHEEL"):
        if canonicalize_name(path.parent.name.partition("-")[0]) == pin.name:
            headers = HeaderParser().parsestr(path.read_text("utf-8", errors="replace"))
            return frozenset[Tag]().union(
                *(parse_tag(str(one)) for one in headers.get_all("Tag", ()))
            )
    return frozenset()
