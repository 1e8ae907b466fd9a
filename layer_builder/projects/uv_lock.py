"""`uv.lock`: whether its project has outgrown it. What it holds is read by uv itself.

uv writes down what the project asked for (`requires-dist`, `requires-dev`) instead of a digest:
https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile. It words markers anew, so those
are compared by what they mean on the target.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from layer_builder.errors import shortened
from layer_builder.model import Project, Target
from layer_builder.projects.constraints import means_the_same, refuse_other_python
from layer_builder.projects.locked import (
    Choice,
    ProjectLines,
    StaleError,
    applies,
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

_Asked = tuple[str, frozenset[str], SpecifierSet | None]
"""A name, its extras, the versions; None for what comes from no index, where they do not count."""


_ELSEWHERE = ("editable", "virtual", "directory", "path", "git", "url")


_SOURCES = frozenset({"workspace", "path", "git", "url"})
"""What an entry of `[tool.uv.sources]` has that leads to no index."""


def local_folders(lock: str) -> list[str]:
    """List the folders of projects that a lock has besides its own, from the lock's folder.

    Raises ValueError for what is no lock.
    """
    packages = rows(read_toml(lock).get("package"), "package")
    sources = (table(package.get("source"), "source") for package in packages)
    found = (s[key] for s in sources for key in ("editable", "virtual", "directory") if key in s)
    return [text(path, "source") for path in found]


def choose_of_uv_lock(  # noqa: PLR0913 (the files that uv compares)
    lock: str,
    pyproject: str,
    wanted: Project,
    target: Target,
    *,
    root: str,
    others: Sequence[str] = (),
) -> ProjectLines:
    """Say what of a lock uv is to write down.

    `root` is the pyproject.toml beside it, `others` those of the other projects in it.

    Raises StaleError for one that does not have what the project asks for on the target, ValueError
    for what is no lock, or was not made for the target's Python.
    """
    locked, project = read_toml(lock), read_toml(pyproject)
    of_root = _settings(read_toml(root))
    _refuse_stale(locked, project, target, of_root)
    for other in map(read_toml, others):
        name = text(table(other.get("project"), "[project]").get("name"), "name")
        if own := _package(locked, name):
            _refuse_other_requirements(own, other, of_root, target, where=f"of {name}")
    _refuse_other_bounds(locked, of_root, target)
    choice = Choice.of(
        wanted.groups,
        wanted.extras,
        known=_groups(project),
        known_extras=standard_extras(project),
    )
    members = texts(table(locked.get("manifest"), "manifest").get("members"), "members")
    if choice.main and members and not table(project.get("project"), "[project]"):
        raise ValueError(
            "it is of a workspace without a project of its own: name a group, or the folder of a"
            f" member ({', '.join(members)})"
        )
    only = "--group" if choice.main else "--only-group"
    groups = (word for group in sorted(choice.groups) for word in (only, group))
    extras = (word for extra in sorted(choice.extras) for word in ("--extra", extra))
    return ProjectLines(
        for_uv=("--no-default-groups", *groups, *extras),
        lines=tuple(_local_lines(locked, project)),
    )


def _local_lines(locked: Mapping[str, object], project: Mapping[str, object]) -> Iterator[str]:
    """Yield the projects and files of the workspace that a lock has, chosen or not."""
    own = canonicalize_name(text(table(project.get("project"), "[project]").get("name"), "name"))
    for package in rows(locked.get("package"), "package"):
        source = table(package.get("source"), "source")
        name = text(package.get("name"), "name of a package")
        path = next((source[key] for key in ("editable", "directory", "path") if key in source), "")
        if path and name != own:
            yield f"{name} @ ./{text(path, f'source of {name}')}"


def _refuse_stale(
    locked: Mapping[str, object],
    project: Mapping[str, object],
    target: Target,
    of_root: Mapping[str, object],
) -> None:
    if python := text(locked.get("requires-python"), "requires-python"):
        refuse_other_python(python, target)
    refuse_format(locked.get("version"), "1", "version")
    if not rows(locked.get("package"), "package"):
        raise ValueError("it has no packages")
    manifest = table(locked.get("manifest"), "manifest")
    standard = table(project.get("project"), "[project]")
    name = canonicalize_name(text(standard.get("name"), "name"))
    own = _package(locked, name)
    if own is None:
        # A workspace without a project of its own has its groups there.
        own = {"metadata": {"requires-dev": manifest.get("dependency-groups")}}
        if name:
            raise StaleError(f"it does not hold the project {shortened(name)}", "uv lock")
    if not manifest.get("members"):
        _refuse_other_range(standard, locked)
    _refuse_other_requirements(own, project, of_root, target)


def _package(locked: Mapping[str, object], name: str) -> Mapping[str, object] | None:
    packages, own = rows(locked.get("package"), "package"), canonicalize_name(name)
    return next((one for one in packages if one.get("name") == own), None)


def _refuse_other_requirements(
    own: Mapping[str, object],
    project: Mapping[str, object],
    of_root: Mapping[str, object],
    target: Target,
    *,
    where: str = "",
) -> None:
    """Compare what a project asks for with what a lock says it asked for."""
    standard = table(project.get("project"), "[project]")
    metadata = table(own.get("metadata"), "metadata")
    dev = table(metadata.get("requires-dev"), "requires-dev")
    # The root's sources hold for members that have none of that name.
    sources = {**_sources(of_root), **_sources(_settings(project))}
    if "dependencies" not in texts(standard.get("dynamic"), "dynamic"):
        now = _written(standard_requirements(project, Choice()), target, _elsewhere(sources))
        _compare(
            f"the dependencies {where}" if where else "its dependencies",
            now,
            _locked(metadata.get("requires-dist"), target),
        )
    for extra in sorted(standard_extras(project)):
        elsewhere = _elsewhere(sources, extra=extra)
        now = _written(_of_extra(project, extra), target, elsewhere)
        then = _locked(metadata.get("requires-dist"), target, extra)
        _compare(f"the extra {extra} {where}".rstrip(), now, then)
    for group in sorted(_groups(project)):
        elsewhere = _elsewhere(sources, group=group)
        now = _written(_of_group(project, group), target, elsewhere)
        _compare(f"the group {group} {where}".rstrip(), now, _locked(dev.get(group), target))


def _refuse_other_range(standard: Mapping[str, object], locked: Mapping[str, object]) -> None:
    """Compare the Pythons that a project is for with those of its lock, by what they mean.

    In a workspace, the lock has those that all members share.
    """
    now = text(standard.get("requires-python"), "requires-python")
    then = text(locked.get("requires-python"), "requires-python")
    if now and then and not means_the_same(now, then):
        raise StaleError(
            f"pyproject.toml requires Python {shortened(now)}, and the lock was made for"
            f" {shortened(then)}",
            "uv lock",
        )


def _refuse_other_bounds(
    locked: Mapping[str, object], settings: Mapping[str, object], target: Target
) -> None:
    """Compare the constraints and overrides, which are those of the root in a workspace."""
    manifest = table(locked.get("manifest"), "manifest")
    elsewhere = _elsewhere(_sources(settings))
    for key, name in (("constraints", "constraint"), ("overrides", "override")):
        lines = texts(settings.get(f"{name}-dependencies"), f"{name}-dependencies")
        then = _locked(manifest.get(key), target)
        _compare(f"its {name}-dependencies", _written(lines, target, elsewhere), then)


def _settings(project: Mapping[str, object]) -> Mapping[str, object]:
    return table(table(project.get("tool"), "[tool]").get("uv"), "[tool.uv]")


def _sources(settings: Mapping[str, object]) -> dict[str, list[Mapping[str, object]]]:
    """Read `[tool.uv.sources]`: https://docs.astral.sh/uv/concepts/projects/dependencies/."""
    entries = table(settings.get("sources"), "[tool.uv.sources]")
    return {
        canonicalize_name(name): rows(entry if isinstance(entry, list) else [entry], name)
        for name, entry in entries.items()
    }


def _elsewhere(
    sources: Mapping[str, Sequence[Mapping[str, object]]], extra: str = "", group: str = ""
) -> frozenset[str]:
    """Name what comes from no index, where that is for an extra or a group, or for all."""
    return frozenset(
        name
        for name, entries in sources.items()
        for one in entries
        if one.keys() & _SOURCES
        and one.get("extra") in {None, extra}
        and one.get("group") in {None, group}
    )


def _compare(what: str, written: Iterable[_Asked], locked: Iterable[_Asked]) -> None:
    now, then = {*written}, {*locked}
    # What comes from elsewhere on some platforms only counts as that.
    elsewhere = {name for name, _, versions in then if versions is None}
    then = {(n, extras, None if n in elsewhere else v) for n, extras, v in then}
    changed = sorted({name for name, *_ in now ^ then})
    if changed:
        raise StaleError(
            f"{what} have changed since it was written, in pyproject.toml: {', '.join(changed)}",
            "uv lock",
        )


def _groups(project: Mapping[str, object]) -> set[str]:
    return standard_groups(project) | (
        {"dev"} if "dev-dependencies" in _settings(project) else set()
    )


def _of_extra(project: Mapping[str, object], extra: str) -> list[str]:
    own = table(project.get("project"), "[project]")
    only = {**project, "project": {**own, "dependencies": []}}
    return list(standard_requirements(only, Choice(extras=frozenset({extra}))))


def _of_group(project: Mapping[str, object], group: str) -> list[str]:
    lines = list(standard_requirements(project, Choice(groups=frozenset({group}), main=False)))
    if group == "dev":
        lines += texts(_settings(project).get("dev-dependencies"), "dev-dependencies")
    return lines


def _written(lines: Iterable[str], target: Target, elsewhere: Collection[str]) -> Iterator[_Asked]:
    for line in lines:
        try:
            read = Requirement(line)
        except (ValueError, RecursionError):
            raise ValueError(f"pyproject.toml: {shortened(line)} is not a requirement") from None
        if applies(str(read.marker or ""), read.name, target):
            extras = frozenset(canonicalize_name(extra) for extra in read.extras)
            name = canonicalize_name(read.name)
            yield name, extras, None if read.url or name in elsewhere else read.specifier


def _locked(entries: object, target: Target, extra: str = "") -> Iterator[_Asked]:
    for entry in rows(entries, "requirements"):
        name = text(entry.get("name"), "name")
        marker = text(entry.get("marker"), f"marker of {name}")
        # An entry of an extra has it in its marker; those without hold for the project itself.
        if ("extra ==" in marker) != bool(extra):
            continue
        if applies(marker, name, target, [extra] if extra else ()):
            extras = frozenset(texts(entry.get("extras"), f"extras of {name}"))
            try:
                versions = SpecifierSet(text(entry.get("specifier"), f"specifier of {name}"))
            except InvalidSpecifier:
                raise ValueError(f"the specifier of {shortened(name)} cannot be read") from None
            is_elsewhere = any(key in entry for key in _ELSEWHERE)
            yield name, extras, None if is_elsewhere else versions
