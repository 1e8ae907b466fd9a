"""Finds what kept code needs of what pruning would remove, from source alone."""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from pathlib import PurePosixPath

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.prune import imports
from layer_builder.prune.data_files import DataFiles, index_data_files
from layer_builder.prune.imports import When
from layer_builder.prune.mentions import Mentions, index_mentions
from layer_builder.prune.rules import DROP_RULE, Rule
from layer_builder.prune.source import ReadSource, module_name, name_and_parents, source_place

_ENTRY_POINT = re.compile(rb"^[^=#;\[\n]+=[ \t]*([A-Za-z_][\w.]*)", re.MULTILINE)
"""https://packaging.python.org/en/latest/specifications/entry-points/#file-format"""


@dataclass(frozen=True, kw_only=True)
class Guard:
    """The tree as pruning sees it; call it to learn what must stay."""

    paths: Collection[str]
    """Every file of the tree."""
    candidates: Mapping[str, Rule]
    """The files that a rule would remove. What the user dropped is kept only if a module would fail
    to load without it, or reads it by name."""
    owners: Mapping[str, str]
    """The distribution of each path."""
    read: ReadSource

    def __call__(self) -> dict[str, str]:
        """Map each path that must stay to the first `file:line` that needs it.

        What is restored is followed in turn, until nothing more turns up.
        """
        stubs = any(path.endswith(".pyi") for path in self.candidates)
        if not (self._modules or self._data_files or self._mentions or stubs):
            return {}
        needed = self._named_by_entry_points()
        queue = _last_first(
            path for path in self.paths if path not in self.candidates or path in needed
        )
        while queue:
            path = queue.pop()
            targets = self._needed_by(path, is_restored=path in needed)
            new = {target: place for target, place in targets.items() if target not in needed}
            needed |= new
            queue += _last_first(new)
        return needed

    def _needed_by(self, path: str, *, is_restored: bool) -> dict[str, str]:
        """Find the candidates that a source needs, each with the line that does."""
        source = self.read(path)
        needed: dict[str, str] = {}
        # The words tell only who needs a candidate of which all is gone; a file that came back
        # may import its neighbours by other names.
        if is_restored or imports.may_import(source, self._import_words):
            needed |= self._imported_by(path, source)
        needed |= self._stub_of(path, source)
        owner = self.owners.get(path, "")
        needed |= self._mentions.needed_by(path, source, owner)
        return needed | self._data_files.read_by(path, source, owner)

    def _named_by_entry_points(self) -> dict[str, str]:
        """Find the modules that kept entry points name: `name = package.module:attribute`."""
        needed: dict[str, str] = {}
        for path in sorted(self.paths):
            if not path.endswith(".dist-info/entry_points.txt") or path in self.candidates:
                continue
            source = self.read(path)
            for point in _ENTRY_POINT.finditer(source):
                for target in self._candidates_named(point[1].decode()):
                    if not self._is_dropped(target):
                        needed.setdefault(target, source_place(path, source, point.start(1)))
        return needed

    @cached_property
    def _modules(self) -> dict[str, str]:
        """Paths of the candidate modules, by name."""
        modules: dict[str, str] = {}
        for path in sorted(self.candidates):
            name = module_name(path)
            if name:
                modules.setdefault(name, path)
        return modules

    @cached_property
    def _data_files(self) -> DataFiles:
        readable = [path for path, rule in self.candidates.items() if rule.may_be_read]
        return index_data_files(readable, self.candidates, self.owners)

    @cached_property
    def _mentions(self) -> Mentions:
        return index_mentions(self.candidates, self.owners)

    def _is_dropped(self, path: str) -> bool:
        return self.candidates[path] is DROP_RULE

    @cached_property
    def _import_words(self) -> list[bytes]:
        """The words that kept code must write to import a candidate.

        For `numpy/_core/tests/_natype.py` that is `tests`, the outermost directory in which no
        code is kept: every absolute or relative import from outside it writes that name.
        """
        kept_folders = {
            folder
            for path in self.paths
            if path not in self.candidates and module_name(path)
            for folder in PurePosixPath(path).parents
        }
        words = set()
        for name, path in self._modules.items():
            pure = PurePosixPath(path)
            gone = [folder for folder in pure.parents if folder.name and folder not in kept_folders]
            words.add(gone[-1].name if gone else name.rpartition(".")[2])
        return sorted(word.encode() for word in words)

    def _imported_by(self, path: str, source: bytes) -> dict[str, str]:
        module = module_name(path)
        if module is None:
            return {}
        needed: dict[str, str] = {}
        is_package = path.endswith("__init__.py")
        for item in imports.imports_of(source, module, is_package=is_package):
            for target in self._candidates_named(item.name):
                if not self._is_dropped(target) or item.when is When.LOADING:
                    needed.setdefault(target, f"{path}:{item.line}")
        return needed

    def _candidates_named(self, name: str) -> list[str]:
        """List the candidates that importing a dotted name loads: itself and its packages."""
        names = name_and_parents(name)
        return [self._modules[name] for name in names if name in self._modules]

    def _stub_of(self, path: str, source: bytes) -> dict[str, str]:
        """Find the .pyi that `lazy_loader.attach_stub` reads beside a module as it loads.

        https://scientific-python.org/specs/spec-0001/
        """
        stub = path + "i"
        if stub not in self.candidates or b"attach_stub" not in source:
            return {}
        return {stub: source_place(path, source, source.index(b"attach_stub"))}


def _last_first(paths: Iterable[str]) -> list[str]:
    """List the sources among paths for a queue that is taken from its end."""
    return sorted((path for path in paths if path.endswith(".py")), reverse=True)
