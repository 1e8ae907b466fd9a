"""What is in wheels: their members where an installer will put them, and where each wheel lies.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/ and
…/specifications/pylock-toml/.
"""

import re
import tomllib
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import unquote, urlsplit

from packaging.pylock import Pylock, PylockValidationError
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Licensed, Target

_DATA = re.compile(r"[^/]+\.data/(?P<kind>[^/]+)/(?P<rest>.+)")

_FOLDERS = {"purelib": "", "platlib": "", "data": "", "scripts": "bin/", "headers": "include/"}
"""Where an installer puts what a wheel has aside, below the folder of the packages."""

_STORED_SHARE, _STORED_BYTES = 0.1, 100_000
"""What may be stored as it is, for the packed sizes to tell anything."""


@dataclass(frozen=True, kw_only=True, order=True)
class WheelMember:
    """A file of a wheel."""

    path: str
    """Relative to the folder of the packages."""
    size: int
    """Bytes, unpacked."""
    packed: int
    """Bytes, compressed; without what a zip says of them."""


@dataclass(frozen=True, kw_only=True)
class WheelContents:
    """A distribution before it is installed."""

    name: str
    """Normalised."""
    version: str
    members: tuple[WheelMember, ...]
    licensed: Licensed | None = None
    """What its METADATA says of its licence; None where that was not read."""


def read_members(infos: Iterable[zipfile.ZipInfo]) -> tuple[WheelMember, ...]:
    """Say where the members of a wheel will be."""
    found: dict[str, WheelMember] = {}
    for info in infos:
        path = info.filename
        if info.is_dir():
            continue
        aside = _DATA.fullmatch(path)
        if aside:
            path = _FOLDERS.get(aside["kind"], f"{aside['kind']}/") + aside["rest"]
        found[path] = WheelMember(path=path, size=info.file_size, packed=info.compress_size)
    return tuple(sorted(found.values()))


def is_hardly_packed(infos: Sequence[zipfile.ZipInfo]) -> bool:
    """Tell a wheel that is no smaller than its files: its sizes do not say what they compress to."""
    stored = sum(one.file_size for one in infos if one.compress_type == zipfile.ZIP_STORED)
    return stored > max(_STORED_BYTES, _STORED_SHARE * sum(one.file_size for one in infos))


def wheel_addresses(pylock: str, target: Target) -> dict[str, str]:
    """Read from a `pylock.toml` the address of the wheel that an installer would take of each.

    What has no wheel for the target is left out, and all of what cannot be read.
    """
    try:
        lock = Pylock.from_dict(tomllib.loads(pylock))
    except (ValueError, PylockValidationError, RecursionError):
        return {}
    ranks = {tag: rank for rank, tag in enumerate(_tags(target))}
    found: dict[str, str] = {}
    for package in lock.packages:
        ranked = [
            (rank, wheel.url)
            for wheel in package.wheels or ()
            if wheel.url and (rank := _rank(wheel.url, ranks)) is not None
        ]
        if ranked:
            found[str(package.name)] = min(ranked)[1]
    return found


def _rank(url: str, ranks: Mapping[Tag, int]) -> int | None:
    name = unquote(urlsplit(url).path.rpartition("/")[2])
    try:
        tags = parse_wheel_filename(name)[3]
    except (InvalidWheelFilename, InvalidVersion):
        return None
    return min((ranks[tag] for tag in tags if tag in ranks), default=None)


def _tags(target: Target) -> Iterator[Tag]:
    """List the tags that load on the target, the closest first: PEP 425, PEP 600."""
    python = tuple(map(int, str(target.python).split(".")))
    legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
    platforms = [
        f"{platform}_{target.machine}"
        for minor in range(target.glibc[1], 4, -1)
        for platform in (f"manylinux_2_{minor}", *filter(None, [legacy.get(minor)]))
    ]
    platforms.append(f"linux_{target.machine}")
    yield from cpython_tags(python, platforms=platforms)
    yield from compatible_tags(python, f"cp{python[0]}{python[1]}", platforms)
