"""Who reads what distributions say of themselves.

METADATA, WHEEL and entry points always stay; RECORD, top_level.txt and the rest are what
`importlib.metadata.files` and `packages_distributions` answer from, the latter from RECORD only
where there is no top_level.txt: https://docs.python.org/3/library/importlib.metadata.html
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from packaging.utils import canonicalize_name

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.prune.source import source_place

_FILE = re.compile(r"^(?P<name>[^/]+?)-[^/-]+\.dist-info/(?P<file>.+)$")


_CALL = re.compile(
    rb"\b(?:files\(\s*[\"'](?P<files>[\w.-]+)[\"']"
    rb"|distribution\(\s*[\"'](?P<of>[\w.-]+)[\"']\s*\)\s*\.\s*(?:files|read_text|locate_file))"
)


_CALL_FOR_ALL = re.compile(rb"\bpackages_distributions\s*\(")


_FALLBACK = b"PackageNotFoundError"
_FALLBACK_BYTES = 600
"""Before the call: it is asked only for a module that no distribution is named after."""


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """The candidates for removal that are metadata."""

    files: Mapping[str, list[str]]
    """By normalised name of the distribution."""
    modules: Mapping[str, frozenset[str]]
    """Normalised names of the top-level modules of each distribution."""

    def read_by(self, path: str, source: bytes) -> dict[str, str]:
        """Find the metadata files that a source asks for, each with the `file:line` that does."""
        found: dict[str, str] = {}
        if not self.files:
            return found
        call = _CALL_FOR_ALL.search(source) if b"packages_distributions" in source else None
        if call:
            place = source_place(path, source, call.start())
            before = source[max(0, call.start() - _FALLBACK_BYTES) : call.start()]
            found |= dict.fromkeys(self._of_all(is_fallback=_FALLBACK in before), place)
        for one in _CALL.finditer(source) if b"metadata" in source else ():
            name = canonicalize_name((one["files"] or one["of"]).decode())
            place = source_place(path, source, one.start())
            found |= {f: found.get(f, place) for f in self.files.get(name, ())}
        return found

    def _of_all(self, *, is_fallback: bool) -> Iterable[str]:
        """List what tells the modules of each distribution: top_level.txt, or else RECORD."""
        for name, paths in self.files.items():
            if is_fallback and self.modules.get(name, frozenset()) == frozenset({name}):
                continue
            by_file = {path.rpartition("/")[2]: path for path in paths}
            for file in ("top_level.txt", "RECORD"):
                if file in by_file:
                    yield by_file[file]
                    break


def index_metadata(candidates: Iterable[str], owners: Mapping[str, str]) -> Metadata:
    """List the candidate metadata files of each distribution, and its modules."""
    files: dict[str, list[str]] = defaultdict(list)
    for path in sorted(candidates):
        if match := _FILE.match(path):
            files[canonicalize_name(match["name"])].append(path)
    modules: dict[str, set[str]] = defaultdict(set)
    for path, owner in owners.items():
        top, _, below = path.partition("/")
        if path.endswith((".py", ".so")) and not top.endswith((".data", "-info")) and top != "bin":
            modules[owner].add(canonicalize_name(top if below else top.partition(".")[0]))
    return Metadata(files=files, modules={name: frozenset(tops) for name, tops in modules.items()})
