"""What is in wheels: their members where an installer will put them, and where each wheel lies.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/ and
…/specifications/pylock-toml/.
"""

import re
import tomllib
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from packaging.pylock import Pylock, PylockValidationError

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

    @property
    def top_levels(self) -> frozenset[str]:
        """The names that its modules are imported by."""
        names = set()
        for member in self.members:
            top, _, below = member.path.partition("/")
            if below and member.path.endswith((".py", ".so")):
                names.add(top)
            elif not below and top.endswith((".py", ".so")):
                names.add(top.partition(".")[0])
        return frozenset(name for name in names if name.isidentifier() and name != "bin")


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


def wheel_addresses(pylock: str) -> dict[str, str]:
    """Read from a `pylock.toml` the address of each distribution's one wheel; others are left out."""
    try:
        lock = Pylock.from_dict(tomllib.loads(pylock))
    except (ValueError, PylockValidationError, RecursionError):
        return {}
    return {
        str(package.name): package.wheels[0].url
        for package in lock.packages
        if package.wheels and len(package.wheels) == 1 and package.wheels[0].url
    }
