"""The src layout as it is included by mistake: `include: [src/]` makes `shop` importable as `src.shop`.

https://packaging.python.org/en/latest/discussions/src-layout-vs-flat-layout/
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from layer_builder.errors import Problem
from layer_builder.model import FileToInclude, Include, Layer, Stack
from layer_builder.paths import without_climbing


def src_layout_problems(
    layer: Layer, files: Sequence[FileToInclude], base: Path, functions: Sequence[Stack]
) -> Iterator[Problem]:
    """Warn of folders that hold packages, and whose own name nothing uses.

    `base` is the folder of the manifest, `files` are those that the layer's includes took.
    """
    for include in layer.include:
        folder = base / include.source
        if include.to != f"python/{without_climbing(include.source)}" or not folder.is_dir():
            continue
        packages = sorted(p.parent.name for p in folder.glob("*/__init__.py"))
        name = without_climbing(include.source).replace("/", ".")
        if packages and not any(folder.glob("*.py")) and not _is_used(name, files, functions):
            yield _warning(layer, include, packages, name)


def _is_used(name: str, files: Sequence[FileToInclude], functions: Sequence[Stack]) -> bool:
    handlers = (stack.settings.handler for stack in functions)
    if any(handler and handler.text.startswith(f"{name}.") for handler in handlers):
        return True
    importing = re.compile(rf"^\s*(?:from|import)\s+{re.escape(name)}\b".encode(), re.MULTILINE)
    return any(
        importing.search(file.source.read_bytes())
        for file in files
        if file.path.endswith(".py")
    )  # fmt: skip


def _warning(layer: Layer, include: Include, packages: Sequence[str], name: str) -> Problem:
    shown = ", ".join(packages[:5])
    as_is = ", ".join(f"{name}.{package}" for package in packages[:5])
    return Problem(
        message=f"{include.source}/ is no package: {shown} can be imported as {as_is} only",
        layer=layer.key,
        place=include.place,
        advice=(f"write {{from: {include.source}/, to: python/}}",),
    )
