"""`poetry.lock`, and the requirements of a project of Poetry's.

The format is what https://github.com/python-poetry/poetry/blob/main/src/poetry/packages/locker.py
writes. Lock version 2.1 tells each distribution's groups and markers; those before do not, and are
walked from the project's requirements. Until Poetry 1.3 the hashes stood at the end, in 2019 bare.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping

from packaging.utils import canonicalize_name

from layer_builder.model import Project, Target
from layer_builder.projects.constraints import (
    alternatives,
    python_marker,
    refuse_other_python,
    requirement_lines,
)
from layer_builder.projects.digests import is_poetry_lock_fresh
from layer_builder.projects.graph import Edge, Node, needed, node_key
from layer_builder.projects.locked import (
    MAIN,
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
from layer_builder.projects.pyproject import refuse_own_sources, standard_requirements

_WITHOUT_GROUPS = frozenset({"1.0", "1.1", "2.0"})
"""The lock versions that do not tell groups and markers."""


_BEFORE_VERSIONS = "1.0"


def read_poetry_lock(lock: str, pyproject: str, wanted: Project, target: Target) -> ProjectLines:
    """List what a lock holds for a target. Raises ValueError, of a lock that is too old StaleError."""
    locked, project = read_toml(lock), read_toml(pyproject)
    metadata = table(locked.get("metadata"), "[metadata]")
    version = text(metadata.get("lock-version"), "lock-version")
    if "hashes" in metadata:
        version = _BEFORE_VERSIONS
    refuse_format(version, "12", "lock-version")
    if not is_poetry_lock_fresh(text(metadata.get("content-hash"), "content-hash"), lock, project):
        raise StaleError("pyproject.toml has changed since it was written", "poetry lock")
    refuse_other_python(text(metadata.get("python-versions"), "python-versions"), target)
    choice = _choice(project, wanted)
    packages = [_with_files(one, metadata) for one in rows(locked.get("package"), "package")]
    if version not in _WITHOUT_GROUPS:
        taken = [one for one in packages if _is_wanted(one, choice, target)]
    else:
        nodes = {_line(one): (_node(one), one) for one in packages}
        lines = (line for line in poetry_requirements(project, choice))
        roots = [Edge.of(line, extras_apart=False) for line in lines]
        found = needed(roots, [node for node, _ in nodes.values()], target)
        taken = [nodes[node.line][1] for node in found]
    return ProjectLines(
        lines=tuple(sorted(map(_line, taken))), indexes=tuple(dict.fromkeys(_indexes(taken)))
    )


def read_poetry_project(pyproject: str, wanted: Project) -> ProjectLines:
    """List what a project without a lock asks for. Raises ValueError."""
    project = read_toml(pyproject)
    lines = tuple(poetry_requirements(project, _choice(project, wanted)))
    refuse_own_sources(lines, _having_sources(_settings(project)), "poetry lock")
    return ProjectLines(lines=lines)


def poetry_requirements(project: Mapping[str, object], choice: Choice) -> Iterator[str]:
    """Yield the requirements of `[tool.poetry]`, and what the standard tables say besides."""
    settings = _settings(project)
    optional: dict[str, object] = {
        canonicalize_name(k): v for k, v in table(settings.get("extras"), "extras").items()
    }
    if choice.main:
        own = table(settings.get("dependencies"), "dependencies")
        names = (n for extra in choice.extras for n in texts(optional.get(extra), f"extra {extra}"))
        taken = {canonicalize_name(name.partition("[")[0].split()[0]) for name in names if name}
        # With [project], this table only says more of what that one asks for.
        if not table(project.get("project"), "[project]").get("dependencies"):
            yield from _of_table(own, taken)
    for name in sorted(choice.groups):
        yield from _of_table(_group(settings, name, frozenset()))
    yield from standard_requirements(project, choice)


def poetry_groups(project: Mapping[str, object]) -> set[str]:
    """List the groups that Poetry's own tables have."""
    settings = _settings(project)
    groups = {*table(settings.get("group"), "group")}
    return groups | ({"dev"} if "dev-dependencies" in settings else set())


def _choice(project: Mapping[str, object], wanted: Project) -> Choice:
    standard = table(project.get("project"), "[project]")
    return Choice.of(
        wanted.groups,
        wanted.extras,
        known={*poetry_groups(project), *table(project.get("dependency-groups"), "groups")},
        known_extras={
            *table(_settings(project).get("extras"), "extras"),
            *table(standard.get("optional-dependencies"), "optional-dependencies"),
        },
    )


def _settings(project: Mapping[str, object]) -> Mapping[str, object]:
    return table(table(project.get("tool"), "[tool]").get("poetry"), "[tool.poetry]")


def _having_sources(settings: Mapping[str, object]) -> Iterator[str]:
    """Yield the names whose entries say from which index they come."""
    groups = table(settings.get("group"), "group").values()
    tables = [settings, *(table(group, "a group") for group in groups)]
    for one in tables:
        for name, value in table(one.get("dependencies"), "dependencies").items():
            entries = value if isinstance(value, list) else [value]
            if any(isinstance(entry, dict) and "source" in entry for entry in entries):
                yield name


def _group(
    settings: Mapping[str, object], name: str, above: Collection[str]
) -> Mapping[str, object]:
    """Give a group's entries, with those of the groups that it includes."""
    groups: dict[str, object] = {
        canonicalize_name(key): value
        for key, value in table(settings.get("group"), "group").items()
    }
    group = table(groups.get(name), f"group {name}")
    entries: dict[str, object] = {}
    if name == "dev":
        entries |= table(settings.get("dev-dependencies"), "dev-dependencies")
    for other in map(canonicalize_name, texts(group.get("include-groups"), "include-groups")):
        if other not in above:
            entries |= _group(settings, other, {*above, name})
    return {**entries, **table(group.get("dependencies"), f"group {name}")}


def _of_table(
    entries: Mapping[str, object], extras: Collection[str] | None = None
) -> Iterator[str]:
    """Yield requirements; of the optional ones those that an extra names."""
    for name, value in entries.items():
        is_optional = isinstance(value, dict) and value.get("optional") is True
        if canonicalize_name(name) != "python" and not (
            is_optional and extras is not None and canonicalize_name(name) not in extras
        ):
            yield from requirement_lines(name, value)


def _is_wanted(package: Mapping[str, object], choice: Choice, target: Target) -> bool:
    name = text(package.get("name"), "name")
    groups = {canonicalize_name(one) for one in texts(package.get("groups"), f"groups of {name}")}
    chosen = groups & ({MAIN} | choice.groups if choice.main else choice.groups)
    markers = package.get("markers")
    if isinstance(markers, dict):
        by_group = {canonicalize_name(group): marker for group, marker in markers.items()}
        these: Iterable[object] = (by_group.get(group) for group in chosen)
    else:
        these = (markers for _ in chosen)
    return any(
        applies(text(one, f"markers of {name}"), name, target, choice.extras) for one in these
    )


def _with_files(
    package: Mapping[str, object], metadata: Mapping[str, object]
) -> Mapping[str, object]:
    """Give a distribution the files that older locks list at their end."""
    if "files" in package:
        return package
    name = package.get("name")
    files = {canonicalize_name(k): v for k, v in table(metadata.get("files"), "files").items()}
    bare = {canonicalize_name(k): v for k, v in table(metadata.get("hashes"), "hashes").items()}
    key = canonicalize_name(text(name, "name of a package"))
    if key in files:
        return {**package, "files": files[key]}
    return {
        **package,
        "files": [{"hash": f"sha256:{one}"} for one in texts(bare.get(key), f"hashes of {name}")],
    }


def _line(package: Mapping[str, object]) -> str:
    """Write a locked distribution as a line of a requirements file."""
    name = text(package.get("name"), "name of a package")
    version = text(package.get("version"), f"version of {name}")
    source = table(package.get("source"), f"source of {name}")
    url = text(source.get("url"), f"source of {name}")
    hashes = [
        text(one.get("hash"), f"files of {name}") for one in rows(package.get("files"), "files")
    ]
    match source.get("type"):
        case "git":
            commit = text(source.get("resolved_reference"), f"source of {name}")
            below = text(source.get("subdirectory"), f"source of {name}")
            return at_commit(name, url, commit, below)
        case "url":
            return f"{name} @ {url}#{next(iter(hashes), '').replace(':', '=')}"
        case "directory" | "file":
            return f"{name} @ ./{url}"
        case _:
            return pinned(name, version, hashes)


def _indexes(packages: Iterable[Mapping[str, object]]) -> Iterator[str]:
    for package in packages:
        source = table(package.get("source"), "source")
        if source.get("type") == "legacy":
            yield text(source.get("url"), "source")


def _node(package: Mapping[str, object]) -> Node:
    name = text(package.get("name"), "name of a package")
    requires = table(package.get("dependencies"), f"dependencies of {name}")
    return Node(
        key=node_key(name),
        version=text(package.get("version"), f"version of {name}"),
        line=_line(package),
        python=alternatives(text(package.get("python-versions"), f"python-versions of {name}")),
        edges=tuple(edge for other, value in requires.items() for edge in _edges(other, value)),
    )


def _edges(name: str, value: object) -> Iterator[Edge]:
    """Read a locked distribution's entry for another that it requires."""
    for one in value if isinstance(value, list) else [value]:
        entry = {"version": one} if isinstance(one, str) else table(one, f"the entry of {name}")
        markers = [text(entry.get("markers"), f"markers of {name}")]
        if python := text(entry.get("python"), f"python of {name}"):
            markers.append(python_marker(python))
        extras = texts(entry.get("extras"), f"extras of {name}")
        yield Edge(
            key=node_key(name),
            versions=alternatives(text(entry.get("version"), f"version of {name}") or "*"),
            marker=" and ".join(f"({marker})" for marker in markers if marker),
            extras=frozenset(canonicalize_name(extra) for extra in extras),
        )
