"""The sources of a local project: the files that git would consider, less build outputs, caches and secrets."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from layer_builder.direct import MOST_SOURCE_BYTES, PackedFile
from layer_builder.patterns import PathPatterns
from layer_builder.sources import Workspace, is_secret

_OUTPUTS = PathPatterns(
    (
        *("/build/", "/dist/", "*.egg-info/", ".eggs/", "__pycache__/", "*.pyc", "*.pyo"),
        *(".git", ".hg/", ".svn/", ".venv/", "venv/", "node_modules/", ".nox/", ".tox/"),
        *(".mypy_cache/", ".pytest_cache/", ".ruff_cache/", ".coverage", "htmlcov/", ".ds_store"),
    )
)
"""What backends and other tools leave in a project, whether git is told of it or not."""


_IGNORE = ".gitignore"


def source_files(workspace: Workspace, folder: Path) -> tuple[list[PackedFile], list[str]]:
    """Read the files of a project; also give the paths that look like credentials, and are left out.

    Raises ValueError for a link that leaves the workspace, and for more than can be of use.
    """
    files, secrets, size = [], [], 0
    for path in _paths(workspace, folder):
        full = folder / path
        if _OUTPUTS.matches(path.lower()) or _is_output(workspace, full):
            continue
        if is_secret(path):
            secrets.append(path)
            continue
        if not workspace.holds(full):
            raise ValueError(f"{path} is a link that leaves the workspace")
        if not full.is_file():
            continue
        size += full.stat().st_size
        if size > MOST_SOURCE_BYTES:
            raise ValueError(f"it has more than {MOST_SOURCE_BYTES // 2**20} MiB of files")
        is_executable = os.access(full, os.X_OK)
        files.append(PackedFile(path=path, content=full.read_bytes(), is_executable=is_executable))
    return files, secrets


def _is_output(workspace: Workspace, path: Path) -> bool:
    return bool(workspace.output) and path.is_relative_to(workspace.output or path)


def _paths(workspace: Workspace, folder: Path) -> Iterator[str]:
    """Yield paths relative to the folder, sorted."""
    above = [one for one in (folder, *folder.parents) if one.is_relative_to(workspace.root)]
    has_git = any((one / ".git").exists() for one in above)
    listed = workspace.listed(folder) if has_git else None
    if listed is None:
        yield from _walk(workspace, folder, above)
        return
    for path in listed:
        # A submodule, another checkout, or a link to a folder, of which git says no more.
        if (folder / path).is_dir():
            inner = _walk(workspace, folder / path, above)
            yield from (f"{path.rstrip('/')}/{below}" for below in inner)
        else:
            yield path


def _walk(workspace: Workspace, start: Path, above: list[Path]) -> Iterator[str]:
    """Yield paths as git would list them, where it does not."""
    ignored = [line for one in reversed(above) for line in _ignored(one, workspace.root)]
    queue: list[tuple[Path, list[str], frozenset[Path]]] = [(start, ignored, frozenset())]
    found = []
    while queue:
        folder, lines, parents = queue.pop()
        real = folder.resolve()
        if real in parents or not workspace.holds(folder):
            continue
        if folder not in above:
            lines = [*lines, *_ignored(folder, workspace.root)]
        patterns = PathPatterns(lines)
        for child in folder.iterdir():
            shown = child.relative_to(workspace.root).as_posix()
            is_folder = child.is_dir()
            inner = child.relative_to(start).as_posix() + ("/" if is_folder else "")
            if patterns.matches(f"{shown}/" if is_folder else shown):
                continue
            if is_folder and not _OUTPUTS.matches(inner.lower()):
                queue.append((child, lines, parents | {real}))
            elif not is_folder:
                found.append(inner)
    yield from sorted(found)


def _ignored(folder: Path, root: Path) -> Iterator[str]:
    """Yield the patterns of a folder's .gitignore, as they would stand in that of the root.

    https://git-scm.com/docs/gitignore#_pattern_format
    """
    try:
        content = (folder / _IGNORE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
    prefix = folder.relative_to(root).as_posix()
    for line in content.splitlines():
        match = re.fullmatch(r"(!?)(.*)", line)
        if match is None or not match[2].strip() or line.startswith("#"):
            continue
        pattern = match[2]
        is_anchored = "/" in pattern.rstrip("/")
        below = pattern.lstrip("/") if is_anchored else f"**/{pattern}"
        yield f"{match[1]}/{below}" if prefix == "." else f"{match[1]}/{prefix}/{below}"
