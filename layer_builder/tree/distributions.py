"""Installed distributions: what their metadata says of the files in a tree.

Format: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

import re
from collections.abc import Callable, Mapping, Sequence
from email.message import Message
from email.parser import HeaderParser
from functools import cached_property

from packaging.utils import canonicalize_name

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import InstalledFile
from layer_builder.tree.record import broken_wheel, read_record

# https://packaging.python.org/en/latest/specifications/name-normalization/#name-format and the
# characters of versions, those that are none by PEP 440 among them.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


_VERSION = re.compile(r"[0-9A-Za-z.!+_-]{1,200}")


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """One installed distribution."""

    name: str
    """Normalised."""
    version: str
    record: str
    """Path of its RECORD file."""
    hashes: Mapping[str, str]
    """The digest of each of its files, as RECORD gives it, by path."""
    requires: tuple[str, ...] = ()
    """`Requires-Dist`: PEP 508 specifiers with their markers."""
    tags: tuple[str, ...] = ()
    """The wheel's platform tags."""
    is_pure: bool = True
    """Whether its wheel says that it holds no compiled code."""

    @property
    def files(self) -> tuple[str, ...]:
        """Paths of its files."""
        return tuple(self.hashes)


@dataclass(frozen=True, kw_only=True)
class Installation:
    """What an installer left in a tree."""

    files: Sequence[InstalledFile]
    distributions: Sequence[Distribution]

    @cached_property
    def owners(self) -> dict[str, str]:
        """The distribution (normalised name) of each installed path."""
        return {path: one.name for one in self.distributions for path in one.files}


def find_distributions(paths: Sequence[str], read: Callable[[str], bytes]) -> list[Distribution]:
    """List the distributions whose `.dist-info` is among the paths, by name.

    Raises InstallError for one whose metadata a wheel got wrong.
    """
    known = set(paths)
    distributions = []
    for path in paths:
        folder, _, name = path.rpartition("/")
        if name != "RECORD" or not folder.endswith(".dist-info") or "/" in folder:
            continue
        if f"{folder}/METADATA" not in known:
            raise broken_wheel(folder, "it has no METADATA")
        headers = _headers(read(f"{folder}/METADATA"))
        name, version = str(headers["Name"] or ""), str(headers["Version"] or "")
        if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
            raise broken_wheel(folder, "its METADATA names no distribution and version")
        wheel = _headers(read(f"{folder}/WHEEL") if f"{folder}/WHEEL" in known else b"")
        distributions.append(
            Distribution(
                name=str(canonicalize_name(name)),
                version=version,
                record=path,
                hashes={row[0]: row[1] for row in read_record(read(path), path)},
                requires=tuple(map(str, headers.get_all("Requires-Dist", ()))),
                tags=tuple(map(str, wheel.get_all("Tag", ()))),
                is_pure=str(wheel.get("Root-Is-Purelib", "true")).strip().lower() == "true",
            )
        )
    return sorted(distributions, key=lambda distribution: distribution.name)


def _headers(content: bytes) -> Message:
    return HeaderParser().parsestr(content.decode("utf-8", "replace"), headersonly=True)
