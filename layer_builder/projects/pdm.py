"""`pdm.lock`.

The format is what https://github.com/pdm-project/pdm/blob/main/src/pdm/project/lockfile/pdmlock.py
writes; the first of version 4 list all files under `[metadata.files]`. With the strategy inherit_metadata each distribution tells its groups and marker; else the
lock is walked from the project's requirements.
"""

from collections.abc import Mapping

from packaging.utils import canonicalize_name

from layer_builder.model import Project, Target
from layer_builder.projects.constraints import alternatives, refuse_other_python
from layer_builder.projects.digests import is_pdm_lock_fresh
from layer_builder.projects.graph import Edge, Node, needed, node_key
from layer_builder.projects.locked import (
    Choice,
    ProjectLines,
    StaleError,
    applies,
    at_commit,
    pinned,
    read_toml,
    refuse_format,
    rows,
    table,
    text,
    texts,
)
from layer_builder.projects.pyproject import (
    standard_extras,
    standard_groups,
    standard_requirements,
)

_OWN = "default"
"""PDM's name for the project's own dependencies."""


def read_pdm_lock(lock: str, pyproject: str, wanted: Project, target: Target) -> ProjectLines:
    """List what a lock holds for a target. Raises ValueError, of a lock that is too old StaleError."""
    locked, project = read_toml(lock), read_toml(pyproject)
    metadata = table(locked.get("metadata"), "[metadata]")
    refuse_format(metadata.get("lock_version"), "4", "lock_version")
    settings = table(table(project.get("tool"), "[tool]").get("pdm"), "[tool.pdm]")
    digest = text(metadata.get("content_hash"), "content_hash")
    # A workspace's digest covers its members, and `lock_inputs` replace it.
    is_alone = "workspace" not in settings and "lock_inputs" not in metadata
    if is_alone and not is_pdm_lock_fresh(digest, project):
        raise StaleError("pyproject.toml has changed since it was written", "pdm lock")
    for one in rows(metadata.get("targets"), "targets"):
        refuse_other_python(text(one.get("requires_python"), "requires_python"), target)
    own: dict[str, object] = {
        canonicalize_name(name): lines
        for name, lines in table(settings.get("dev-dependencies"), "dev-dependencies").items()
    }
    choice = Choice.of(
        wanted.groups,
        wanted.extras,
        known=standard_groups(project) | own.keys(),
        known_extras=standard_extras(project),
    )
    _refuse_unlocked(metadata, choice)
    files = table(metadata.get("files"), "[metadata.files]")
    packages = [
        {"files": files.get(f"{one.get('name')} {one.get('version')}"), **one}
        for one in rows(locked.get("package"), "package")
    ]
    if "inherit_metadata" in texts(metadata.get("strategy"), "strategy"):
        lines = [_line(one) for one in packages if _is_wanted(one, choice, target)]
    else:
        asked = [*standard_requirements(project, choice)]
        asked += [line for name in sorted(choice.groups & own.keys())
                  for line in texts(own[name], f"group {name}")]  # fmt: skip
        roots = [Edge.of(line, extras_apart=True) for line in asked]
        lines = [node.line for node in needed(roots, map(_node, packages), target)]
    return ProjectLines(
        lines=tuple(sorted(set(lines))),
        indexes=tuple(
            text(source.get("url"), "source")
            for source in rows(settings.get("source"), "source")
            if source.get("name") != "pypi" and source.get("type", "index") == "index"
        ),
    )


def _refuse_unlocked(metadata: Mapping[str, object], choice: Choice) -> None:
    """Raise ValueError for a group that the project has, and the lock was made without."""
    groups = {canonicalize_name(one) for one in texts(metadata.get("groups"), "groups")}
    if "*" in texts(metadata.get("groups"), "groups"):
        return
    asked = choice.groups | choice.extras | ({_OWN} if choice.main else frozenset())
    if missing := sorted(asked - groups):
        raise ValueError(f"it was made without {', '.join(missing)}: `pdm lock -G :all` adds all")


def _is_wanted(package: Mapping[str, object], choice: Choice, target: Target) -> bool:
    name = text(package.get("name"), "name of a package")
    groups = {canonicalize_name(one) for one in texts(package.get("groups"), f"groups of {name}")}
    chosen = choice.groups | choice.extras | ({_OWN} if choice.main else frozenset())
    return bool(groups & chosen) and applies(
        text(package.get("marker"), f"marker of {name}"), name, target
    )


def _line(package: Mapping[str, object]) -> str:
    """Write a locked distribution as a line of a requirements file."""
    name = text(package.get("name"), "name of a package")
    hashes = [
        text(one.get("hash"), f"files of {name}")
        for one in rows(package.get("files"), f"files of {name}")
    ]
    if git := text(package.get("git"), f"git of {name}"):
        commit = text(package.get("revision"), f"revision of {name}")
        below = text(package.get("subdirectory"), f"subdirectory of {name}")
        return at_commit(name, git, commit, below)
    if url := text(package.get("url"), f"url of {name}"):
        return f"{name} @ {url}#{next(iter(hashes), '').replace(':', '=')}"
    if path := text(package.get("path"), f"path of {name}"):
        return f"{name} @ ./{path}"
    return pinned(name, text(package.get("version"), f"version of {name}"), hashes)


def _node(package: Mapping[str, object]) -> Node:
    name = text(package.get("name"), "name of a package")
    return Node(
        key=node_key(name, texts(package.get("extras"), f"extras of {name}")),
        version=text(package.get("version"), f"version of {name}"),
        line=_line(package),
        python=alternatives(text(package.get("requires_python"), f"requires_python of {name}")),
        edges=tuple(
            Edge.of(line, extras_apart=True)
            for line in texts(package.get("dependencies"), f"dependencies of {name}")
        ),
    )
