"""Installed distributions: what their metadata says of the files in a tree.

Format: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

import base64
import csv
import hashlib
import io
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from functools import cached_property

from packaging.utils import canonicalize_name

from layer_builder.model import InstalledFile


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
    """List the distributions whose `.dist-info` is among the paths, by name."""
    known = set(paths)
    distributions = []
    for path in paths:
        folder, _, name = path.rpartition("/")
        if name != "RECORD" or not folder.endswith(".dist-info") or "/" in folder:
            continue
        headers = _headers(read(f"{folder}/METADATA"))
        wheel = _headers(read(f"{folder}/WHEEL") if f"{folder}/WHEEL" in known else b"")
        rows = csv.reader(io.StringIO(read(path).decode("utf-8")))
        distributions.append(
            Distribution(
                name=str(canonicalize_name(headers["Name"])),
                version=headers["Version"],
                record=path,
                hashes={row[0]: row[1] for row in rows if row},
                requires=tuple(map(str, headers.get_all("Requires-Dist", ()))),
                tags=tuple(map(str, wheel.get_all("Tag", ()))),
                is_pure=wheel.get("Root-Is-Purelib", "true").strip().lower() == "true",
            )
        )
    return sorted(distributions, key=lambda distribution: distribution.name)


def _headers(content: bytes) -> Message:
    return HeaderParser().parsestr(content.decode("utf-8", "replace"), headersonly=True)


def recorded_paths(record: str) -> list[str]:
    """List the paths in a RECORD."""
    return [row[0] for row in csv.reader(io.StringIO(record)) if row]


def record_without(record: str, gone: Collection[str]) -> str:
    """Rewrite a RECORD so that it lists only what is still there, in a fixed order."""
    rows = sorted(row for row in csv.reader(io.StringIO(record)) if row and row[0] not in gone)
    return _csv(rows)


def record_with(record: str, changed: Mapping[str, bytes]) -> str:
    """Rewrite a RECORD after files in it got new contents."""
    rows = []
    for row in csv.reader(io.StringIO(record)):
        if row and row[0] in changed:
            content = changed[row[0]]
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            rows.append([row[0], f"sha256={digest.decode()}", str(len(content))])
        elif row:
            rows.append(row)
    return _csv(rows)


def _csv(rows: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
