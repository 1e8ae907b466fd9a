"""Who reads files that are not code: a package's data, and what distributions say of themselves.

Of the metadata, METADATA and entry points always stay; RECORD, top_level.txt and the rest are what
`importlib.metadata.files` and `packages_distributions` answer from:
https://docs.python.org/3/library/importlib.metadata.html
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from packaging.utils import canonicalize_name

from layer_builder.prune.source import source_place

_CODE_SUFFIXES = frozenset({".py", ".so", ".pyc", ".pyo", ".pyi"})


_METADATA_FILE = re.compile(r"^(?P<name>[^/]+?)-[^/-]+\.dist-info/(?P<file>.+)$")


_METADATA_CALL = re.compile(
    rb"\b(?:files\(\s*[\"'](?P<files>[\w.-]+)[\"']"
    rb"|distribution\(\s*[\"'](?P<of>[\w.-]+)[\"']\s*\)\s*\.\s*(?:files|read_text|locate_file))"
)


_CALL_FOR_ALL = b"packages_distributions"


_READ_FOR_ALL = frozenset({"RECORD", "top_level.txt"})


@dataclass(frozen=True, kw_only=True)
class DataFiles:
    """The candidates for removal that are no code, by what code would write to read them."""

    names: Mapping[str, Mapping[bytes, list[str]]]
    """For each distribution: the words that code writes to open files, with their paths."""
    metadata: Mapping[str, list[str]]
    """Paths of metadata files, by normalised name of the distribution."""

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self.names or self.metadata)

    def read_by(self, path: str, source: bytes, distribution: str) -> dict[str, str]:
        """Find the files that a source of a distribution reads, each with the `file:line` that does.

        Package data counts only where the distribution's own code names it.
        """
        files = metadata_read_by(path, source, self.metadata)
        for name, paths in self.names.get(distribution, {}).items():
            offset = source.find(name)
            if offset >= 0:
                files |= dict.fromkeys(paths, source_place(path, source, offset))
        return files


def index_data_files(
    readable: Iterable[str], candidates: Iterable[str], owners: Mapping[str, str]
) -> DataFiles:
    """Index `readable` package data, and the metadata among the candidates."""
    names: dict[str, dict[bytes, list[str]]] = defaultdict(lambda: defaultdict(list))
    for path in sorted(readable):
        pure = PurePosixPath(path)
        if pure.suffix in _CODE_SUFFIXES:
            continue
        words = names[owners.get(path, "")]
        words[pure.name.encode()].append(path)
        match pure.parts:
            case (top, _, _, *_) if not top.endswith(("-info", ".data")):
                # Data whose names are put together as the program runs: the folder's is written.
                for quote in ("'", '"'):
                    words[f"{quote}{pure.parent.name}{quote}".encode()].append(path)
    return DataFiles(names=names, metadata=index_metadata(candidates))


def index_metadata(candidates: Iterable[str]) -> dict[str, list[str]]:
    """List the candidate metadata files of each distribution, by normalised name."""
    files: dict[str, list[str]] = defaultdict(list)
    for path in sorted(candidates):
        if match := _METADATA_FILE.match(path):
            files[canonicalize_name(match["name"])].append(path)
    return files


def metadata_read_by(path: str, source: bytes, metadata: Mapping[str, list[str]]) -> dict[str, str]:
    """Find the metadata files that a source asks for, each with the `file:line` that does."""
    files: dict[str, str] = {}
    offset = source.find(_CALL_FOR_ALL)
    if offset >= 0:
        place = source_place(path, source, offset)
        for paths in metadata.values():
            files |= {f: place for f in paths if f.rpartition("/")[2] in _READ_FOR_ALL}
    if b"metadata" in source:
        for call in _METADATA_CALL.finditer(source):
            name = canonicalize_name((call["files"] or call["of"]).decode())
            place = source_place(path, source, call.start())
            files |= {f: files.get(f, place) for f in metadata.get(name, ())}
    return files
