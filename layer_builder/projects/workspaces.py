"""A uv workspace: one lock beside the root's pyproject.toml, for all of its members.

uv's rule, https://docs.astral.sh/uv/concepts/projects/workspaces/ and
https://github.com/astral-sh/uv/blob/main/crates/uv-workspace/src/workspace.rs (`find_workspace`): the
nearest folder above that has a pyproject.toml decides; if it declares a workspace that has the
project among its members, and does not exclude it, that one's lock counts.
"""

import posixpath
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from layer_builder.projects.locked import read_toml, table, texts


def folders_above(folder: str, manifest: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the folders above one, nearest first, and what the one is called from there.

    Paths are from the manifest's folder; `manifest` names the folders that lead to that, from the
    top that nothing may leave.

    >>> list(folders_above("libs/api", ["shop"]))
    [('libs', 'api'), ('.', 'libs/api'), ('..', 'shop/libs/api')]
    """
    whole = posixpath.normpath("/".join([*manifest, folder])).split("/")
    parts = [] if whole == ["."] else whole
    for depth in range(len(parts) - 1, -1, -1):
        shared = len(posixpath.commonprefix([[*manifest], parts[:depth]]))
        address = [".."] * (len(manifest) - shared) + parts[shared:depth]
        yield "/".join(address) or ".", "/".join(parts[depth:])


def has_member(pyproject: str, path: str) -> bool | None:
    """Tell whether a workspace has a project below its root; None for what is no workspace.

    Raises ValueError for what is not TOML.
    """
    settings = table(table(read_toml(pyproject).get("tool"), "[tool]").get("uv"), "[tool.uv]")
    if "workspace" not in settings:
        return None
    workspace = table(settings["workspace"], "[tool.uv.workspace]")

    def is_one_of(key: str) -> bool:
        # As in uv, a star crosses slashes.
        patterns = texts(workspace.get(key), f"{key} of [tool.uv.workspace]")
        return any(fnmatchcase(path, posixpath.normpath(pattern)) for pattern in patterns)

    return is_one_of("members") and not is_one_of("exclude")
