"""Who reads what installed distributions say of themselves, beyond METADATA and entry points.

Those two always stay; RECORD, top_level.txt and the rest are what `importlib.metadata.files` and
`packages_distributions` answer from: https://docs.python.org/3/library/importlib.metadata.html
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

_FOLDER = re.compile(r"^(?P<name>[^/]+?)-[^/-]+\.dist-info/(?P<file>.+)$")


_READER = re.compile(
    rb"\b(?:files\(\s*[\"'](?P<files>[\w.-]+)[\"']"
    rb"|distribution\(\s*[\"'](?P<of>[\w.-]+)[\"']\s*\)\s*\.\s*(?:files|read_text|locate_file))"
)


_FOR_ALL = b"packages_distributions"


_ANSWERING = frozenset({"RECORD", "top_level.txt"})


def index_metadata(candidates: Iterable[str]) -> dict[str, list[str]]:
    """List the candidate metadata files of each distribution, by normalised name."""
    found: dict[str, list[str]] = defaultdict(list)
    for path in sorted(candidates):
        if folder := _FOLDER.match(path):
            found[_normal(folder["name"])].append(path)
    return found


def metadata_read_by(path: str, source: bytes, metadata: Mapping[str, list[str]]) -> dict[str, str]:
    """Find the metadata files that a source asks for, each with the `file:line` that does."""
    found: dict[str, str] = {}
    at = source.find(_FOR_ALL)
    if at >= 0:
        where = _place(path, source, at)
        for files in metadata.values():
            found |= {f: where for f in files if f.rpartition("/")[2] in _ANSWERING}
    if b"metadata" in source:
        for reader in _READER.finditer(source):
            name = _normal((reader["files"] or reader["of"]).decode())
            where = _place(path, source, reader.start())
            found |= {f: found.get(f, where) for f in metadata.get(name, ())}
    return found


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _place(path: str, source: bytes, offset: int) -> str:
    line = source.count(b"\n", 0, offset) + 1
    return f"{path}:{line}"
