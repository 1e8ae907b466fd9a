"""Looks at a repository: lists its files and reads those that may tell, in the workspace and within bounds."""

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from layer_builder.deployments import Repository, printable
from layer_builder.errors import LayerBuilderError
from layer_builder.sources import Workspace, is_secret

_TELLING = re.compile(
    r"requirements.*\.(?:txt|in)|pyproject\.toml|(?:uv|poetry|pdm)\.lock|Pipfile(?:\.lock)?"
    r"|pylock(?:\.[^.]+)?\.toml|\.python-version|runtime\.txt|.*template.*\.ya?ml|sam\.ya?ml"
    r"|serverless\.ya?ml|cdk\.json|.*\.tf|.*\.py"
)
"""Names of files that may tell something."""


_PASSED_OVER = frozenset(
    {
        *(
            "node_modules",
            "venv",
            "env",
            "site-packages",
            "__pycache__",
            "cdk.out",
            "build",
            "dist",
        ),
        *("htmlcov", "vendor"),
    }
)
"""Folders that tools fill; besides, those whose name begins with a dot."""


MOST_FILES = 20_000
MOST_READ = 2_000
MOST_BYTES = 1024 * 1024
MOST_LOCK_BYTES = 16 * 1024 * 1024
MOST_BYTES_TOGETHER = 64 * 1024 * 1024
"""Characters, rather: what is read is text."""


def look(workspace: Workspace) -> Repository:
    """List and read what is in the manifest's folder and below. Links that lead out are passed over."""
    unread: list[str] = []
    names: list[str] = []
    for name in _listed(workspace):
        if not name.isprintable() or "\\" in name or name.startswith("~"):
            unread.append(f"{printable(name)}: a name that no manifest can have")
        elif len(names) == MOST_FILES:
            unread.append(f"only the first {MOST_FILES:,} files were looked at")
            break
        elif not is_secret(PurePosixPath(name).name):
            names.append(name)
    texts: dict[str, str] = {}
    together = 0
    # Upper folders tell more.
    for name in sorted(names, key=lambda path: (path.count("/"), path)):
        base = PurePosixPath(name).name
        if not _TELLING.fullmatch(base):
            continue
        if len(texts) == MOST_READ or together > MOST_BYTES_TOGETHER:
            unread.append(f"only {len(texts):,} files were read")
            break
        most = MOST_LOCK_BYTES if "lock" in base else MOST_BYTES
        try:
            texts[name] = workspace.load(workspace.base / name, most)
        except (OSError, ValueError, LayerBuilderError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            unread.append(f"{printable(name)} was not read: {printable(str(why))}")
            continue
        together += len(texts[name])
    return Repository(names=tuple(sorted(names)), texts=texts, unread=tuple(unread))


def _listed(workspace: Workspace) -> Iterator[str]:
    listed = workspace.listed(workspace.base)
    for name in listed if listed is not None else _walked(workspace.base):
        if not any(_is_passed_over(part) for part in PurePosixPath(name).parent.parts):
            yield name


def _walked(base: Path) -> Iterator[str]:
    for folder, below, files in os.walk(base):
        below[:] = sorted(name for name in below if not _is_passed_over(name))
        for name in sorted(files):
            yield (Path(folder) / name).relative_to(base).as_posix()


def _is_passed_over(folder: str) -> bool:
    return folder in _PASSED_OVER or folder.startswith(".")
