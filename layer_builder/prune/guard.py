"""Finds what kept code needs of what pruning would remove, from source alone."""

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from layer_builder.prune import imports
from layer_builder.prune import metadata as records
from layer_builder.prune.imports import When

ReadSource = Callable[[str], bytes]
"""Gives the bytes of a file of the tree by its path."""


_CODE = frozenset({".py", ".so", ".pyc", ".pyo", ".pyi"})


_ENTRY_POINT = re.compile(rb"^[^=#;\[\n]+=[ \t]*([A-Za-z_][\w.]*)", re.MULTILINE)
"""https://packaging.python.org/en/latest/specifications/entry-points/#file-format"""


@dataclass(frozen=True, kw_only=True)
class Guard:
    """The tree as pruning sees it; call it to learn what must stay."""

    paths: Collection[str]
    """Every file of the tree."""
    candidates: Collection[str]
    """The files that a rule would remove."""
    dropped: Collection[str]
    """Candidates that the user named: kept only if a module would fail to load without them."""
    readable: Collection[str]
    """Candidates that are data which a program might open by name."""
    owners: Mapping[str, str]
    """The distribution of each path."""
    read: ReadSource

    def __call__(self) -> dict[str, str]:
        """Map each path that must stay to the first `file:line` found to need it.

        What is restored is followed in turn, until nothing more is found.
        """
        modules = self._modules()
        texts = self._texts()
        metadata = records.index_metadata(self.candidates)
        stubs = any(path.endswith(".pyi") for path in self.candidates)
        if not (modules or texts or metadata or stubs):
            return {}
        words = sorted(word.encode() for word in self._words(modules))
        needed = self._entry_points(modules)
        queue = sorted(
            (
                path
                for path in self.paths
                if path.endswith(".py") and (path not in self.candidates or path in needed)
            ),
            reverse=True,
        )
        while queue:
            path = queue.pop()
            source = self.read(path)
            found: dict[str, str] = {}
            if path in needed or imports.may_import(source, words):
                found |= self._imported(path, source, modules)
            found |= self._stub(path, source)
            found |= records.metadata_read_by(path, source, metadata)
            found |= _named(path, source, texts.get(self.owners.get(path, ""), {}))
            new = {target: why for target, why in found.items() if target not in needed}
            needed |= new
            queue += sorted((target for target in new if target.endswith(".py")), reverse=True)
        return needed

    def _entry_points(self, modules: Mapping[str, str]) -> dict[str, str]:
        """Find the modules that kept entry points name: `name = package.module:attribute`."""
        found: dict[str, str] = {}
        for path in sorted(self.paths):
            if path.endswith(".dist-info/entry_points.txt") and path not in self.candidates:
                source = self.read(path)
                for point in _ENTRY_POINT.finditer(source):
                    for name in imports.name_and_parents(point[1].decode()):
                        target = modules.get(name)
                        if target and target not in self.dropped:
                            found.setdefault(target, f"{path}:{_line(source, point.start(1))}")
        return found

    def _modules(self) -> dict[str, str]:
        """Name the candidate modules."""
        found: dict[str, str] = {}
        for path in sorted(self.candidates):
            name = imports.module_name(path)
            if name:
                found.setdefault(name, path)
        return found

    def _words(self, modules: Mapping[str, str]) -> set[str]:
        """Collect the words that kept code must write to import a candidate.

        For `numpy/_core/tests/_natype.py` that is `tests`, the outermost directory in which no
        code is kept: every absolute or relative import from outside it writes that name.
        """
        kept_folders = {
            folder
            for path in self.paths
            if path not in self.candidates and imports.module_name(path)
            for folder in PurePosixPath(path).parents
        }
        words = set()
        for name, path in modules.items():
            pure = PurePosixPath(path)
            gone = [folder for folder in pure.parents if folder.name and folder not in kept_folders]
            words.add(gone[-1].name if gone else name.rpartition(".")[2])
        return words

    def _imported(self, path: str, source: bytes, modules: Mapping[str, str]) -> dict[str, str]:
        module = imports.module_name(path)
        if module is None:
            return {}
        found: dict[str, str] = {}
        is_package = path.endswith("__init__.py")
        for item in imports.imports_of(source, module, is_package=is_package):
            for name in imports.name_and_parents(item.name):
                target = modules.get(name)
                if target and (target not in self.dropped or item.when is When.LOADING):
                    found.setdefault(target, f"{path}:{item.line}")
        return found

    def _stub(self, path: str, source: bytes) -> dict[str, str]:
        """Find the .pyi that `lazy_loader.attach_stub` reads beside a module as it loads.

        https://scientific-python.org/specs/spec-0001/
        """
        stub = path + "i"
        if stub not in self.candidates or b"attach_stub" not in source:
            return {}
        return {stub: f"{path}:{_line(source, source.index(b'attach_stub'))}"}

    def _texts(self) -> dict[str, dict[bytes, list[str]]]:
        """Index readable candidates by distribution, and by what code would write to read them."""
        index: dict[str, dict[bytes, list[str]]] = defaultdict(lambda: defaultdict(list))
        for path in sorted(self.readable):
            pure = PurePosixPath(path)
            if pure.suffix in _CODE:
                continue
            names = index[self.owners.get(path, "")]
            names[pure.name.encode()].append(path)
            if len(pure.parts) > 2 and not pure.parts[0].endswith(("-info", ".data")):  # noqa: PLR2004 (package, folder, file)
                # Data whose names are put together as the program runs: the folder's is written.
                for quote in ("'", '"'):
                    names[f"{quote}{pure.parent.name}{quote}".encode()].append(path)
        return index


def _named(path: str, source: bytes, texts: Mapping[bytes, list[str]]) -> dict[str, str]:
    """Find data files whose name stands in a source of their own distribution."""
    found: dict[str, str] = {}
    for name, targets in texts.items():
        at = source.find(name)
        if at >= 0:
            found |= dict.fromkeys(targets, f"{path}:{_line(source, at)}")
    return found


def _line(source: bytes, offset: int) -> int:
    return source.count(b"\n", 0, offset) + 1
