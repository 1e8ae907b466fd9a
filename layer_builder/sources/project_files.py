"""What a project's own files ask for: `pyproject.toml`, `pylock.toml`.

Formats: https://packaging.python.org/en/latest/specifications/dependency-groups/ and
https://packaging.python.org/en/latest/specifications/pylock-toml/.
"""

import re
import tomllib
from collections.abc import Sequence
from typing import Any

from packaging.dependency_groups import resolve_dependency_groups
from packaging.pylock import Pylock, PylockValidationError

from layer_builder.model import Target

_PYLOCK = re.compile(r"(^|/)pylock(\.[^./]+)?\.toml$")


def is_pylock(path: str) -> bool:
    """Tell a lock file of PEP 751 by its name."""
    return bool(_PYLOCK.search(path))


def requirements_from_pyproject(
    text: str, groups: Sequence[str], extras: Sequence[str]
) -> tuple[str, ...]:
    """List the requirements of dependency groups, or of the project with some extras.

    Raises ValueError with the reason when a group or an extra is not there.
    """
    data = _read(text)
    if groups:
        try:
            return resolve_dependency_groups(data.get("dependency-groups", {}), *groups)
        except ExceptionGroup as error:
            raise ValueError("; ".join(map(str, error.exceptions))) from error
        except (LookupError, TypeError) as error:
            raise ValueError(f"its dependency groups: {error}") from error
    project = data.get("project", {})
    optional = project.get("optional-dependencies", {})
    missing = [extra for extra in extras if extra not in optional]
    if missing:
        raise ValueError(f"it has no extra {', '.join(missing)}")
    return (*project.get("dependencies", ()), *(r for extra in extras for r in optional[extra]))


def requirements_from_pylock(text: str, target: Target) -> tuple[str, ...]:
    """List what a lock file has for a target, pinned, with the hashes of its files.

    Raises ValueError with the reason when it is no lock file, or holds what no index serves.
    """
    try:
        lock = Pylock.from_dict(_read(text))
    except PylockValidationError as error:
        raise ValueError(str(error)) from error
    lines = []
    for package in lock.packages:
        try:
            applies = not package.marker or package.marker.evaluate(target.markers)
        except (KeyError, RecursionError) as error:
            raise ValueError(f"the marker of {package.name} cannot be evaluated") from error
        if not applies:
            continue
        files = [file.hashes for file in package.wheels or ()]
        files += [package.sdist.hashes] if package.sdist else []
        if package.version is None or not files:
            raise ValueError(f"{package.name} does not come from an index")
        hashes = sorted({f"sha256:{digests['sha256']}" for digests in files if "sha256" in digests})
        lines.append(
            " ".join((f"{package.name}=={package.version}", *(f"--hash={h}" for h in hashes)))
        )
    return tuple(lines)


def _read(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("it nests too deeply to be read") from None
