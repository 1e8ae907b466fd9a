"""Which files of the workspace import a distribution, read from their sources."""

from collections.abc import Collection, Iterable
from pathlib import Path

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import FileToInclude
from layer_builder.prune import imports_of, module_name, name_and_parents


@dataclass(frozen=True, kw_only=True, order=True)
class Importer:
    """A line that imports it."""

    whose: str
    """`layer KEY` or `function KEY`."""
    file: Path
    line: int
    module: str


def module_names(paths: Iterable[str]) -> frozenset[str]:
    """Name the modules at the paths of a distribution.

    A namespace that distributions share is none of them: it has no `__init__`.
    """
    return frozenset(filter(None, map(module_name, paths)))


def find_importers(
    whose: str, files: Iterable[FileToInclude], modules: Collection[str]
) -> list[Importer]:
    """Find the lines that import one of the modules, or of their attributes; the first of each file."""
    found = []
    for file in files:
        if not file.path.endswith(".py"):
            continue
        inner = file.path.removeprefix("python/")
        name, is_package = module_name(inner) or "", inner.endswith("__init__.py")
        for item in imports_of(file.source.read_bytes(), name, is_package=is_package):
            if any(part in modules for part in name_and_parents(item.name)):
                found.append(
                    Importer(whose=whose, file=file.source, line=item.line, module=item.name)
                )
                break
    return sorted(found)
