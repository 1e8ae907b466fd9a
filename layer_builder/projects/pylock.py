"""`pylock.toml`: https://packaging.python.org/en/latest/specifications/pylock-toml/."""

import re
from pathlib import PurePosixPath

from packaging.pylock import Package, Pylock, PylockValidationError
from packaging.utils import canonicalize_name

from layer_builder.model import Project, Target
from layer_builder.projects.constraints import refuse_other_python
from layer_builder.projects.locked import Choice, ProjectLines, at_commit, pinned, read_toml

_PYLOCK = re.compile(r"(^|/)pylock(\.[^./]+)?\.toml$")


def is_pylock(path: str) -> bool:
    """Tell a lock file of PEP 751 by its name."""
    return bool(_PYLOCK.search(path))


def read_pylock(content: str, wanted: Project | None, target: Target) -> ProjectLines:
    """List what a lock has for a target, pinned, with the hashes of its files.

    Without a wish, its default groups and no extras. Raises ValueError with the reason when it is no
    lock file, or holds what no index serves.
    """
    try:
        lock = Pylock.from_dict(read_toml(content))
    except PylockValidationError as error:
        raise ValueError(str(error)) from error
    if lock.requires_python:
        refuse_other_python(str(lock.requires_python), target)
    choice = Choice.of(
        wanted.groups if wanted else (),
        wanted.extras if wanted else (),
        known=lock.dependency_groups or (),
        known_extras=lock.extras or (),
    )
    # What is in by default stands for the project's own, which has no name in this format.
    groups = {*(lock.default_groups or ())} if choice.main else set()
    variables = {
        **target.markers,
        "extras": frozenset(choice.extras),
        "dependency_groups": frozenset(map(canonicalize_name, {*groups, *choice.groups})),
    }
    lines = []
    for package in lock.packages:
        try:
            is_in = not package.marker or package.marker.evaluate(variables, context="lock_file")
        except (KeyError, ValueError, RecursionError) as error:
            raise ValueError(f"the marker of {package.name} cannot be evaluated") from error
        if is_in:
            lines.append(_line(package))
    return ProjectLines(lines=tuple(lines))


def _line(package: Package) -> str:
    name, vcs, archive = package.name, package.vcs, package.archive
    if vcs and vcs.type == "git" and vcs.url:
        return at_commit(name, vcs.url, vcs.commit_id, vcs.subdirectory or "")
    if archive and archive.url and "sha256" in archive.hashes:
        below = f"&subdirectory={archive.subdirectory}" if archive.subdirectory else ""
        return f"{name} @ {archive.url}#sha256={archive.hashes['sha256']}{below}"
    if archive and archive.path and "sha256" in archive.hashes:
        return f"{name} @ ./{archive.path}#sha256={archive.hashes['sha256']}"
    if folder := package.directory:
        return f"{name} @ ./{PurePosixPath(folder.path, folder.subdirectory or '')}"
    files = [file.hashes for file in package.wheels or ()]
    files += [package.sdist.hashes] if package.sdist else []
    if package.version is None or not files:
        raise ValueError(f"{name} does not come from an index")
    hashes = (f"sha256:{digests['sha256']}" for digests in files if "sha256" in digests)
    return pinned(name, str(package.version), hashes)
