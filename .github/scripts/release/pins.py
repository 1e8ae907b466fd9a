"""Finds and renews where this repository's files name its own release; pure but for what lists files."""

import re
from collections.abc import Iterator
from pathlib import Path

from release.errors import RefusedError

VERSION_FILE = "layer_builder/__init__.py"
"""pyproject.toml reads the version from there: `dynamic`."""
VERSION_LINE = re.compile(r'^__version__ = "([^"]+)"$', re.MULTILINE)
PIN = re.compile(
    r"(?:layer-builder/layer-builder[\w./-]*@v|\bref: v|<40 hex digits> # v)(\d+(?:\.\d+)*)"
)
"""The action, the reusable workflow and the git address by tag; a checkout; what stands for a commit."""
PLACES = (
    "README.md",
    "docs/**/*.md",
    ".github/workflows/*.yml",
    "examples/**/*.yml",
    "examples/**/*.md",
)


def read_version(text: str) -> str:
    """Give the version of the program, of the text of its `__init__`."""
    found = VERSION_LINE.findall(text)
    if len(found) != 1:
        raise RefusedError(f"{VERSION_FILE} names {len(found)} versions")
    return str(found[0])


def pinned(text: str) -> set[str]:
    """Give the versions of this repository that a text names."""
    return set(PIN.findall(text))


def repinned(text: str, version: str) -> str:
    """Name another version wherever one is named."""
    return PIN.sub(lambda found: found[0].removesuffix(found[1]) + version, text)


def pinning_files(root: Path) -> Iterator[Path]:
    """Give the files that name a release."""
    for place in PLACES:
        for path in sorted(root.glob(place)):
            if path.is_file() and pinned(path.read_text(encoding="utf-8")):
                yield path
