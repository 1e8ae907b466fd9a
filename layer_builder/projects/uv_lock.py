"""`uv.lock`: whether its project has outgrown it. What it holds is read by uv itself.

uv writes down what the project asked for (`requires-dist`, `requires-dev`) instead of a digest:
https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile. It words markers anew, so those
are compared by what they mean on the target.
"""

from collections.abc import Iterable, Iterator, Mapping

from packaging.requirements import Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from layer_builder.errors import shortened
from layer_builder.model import Project, Target
from layer_builder.projects.constraints import refuse_other_python
from layer_builder.projects.locked import (
    Choice,
    ProjectLines,
    StaleError,
    applies,
    read_toml,
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


def choose_of_uv_lock(lock: str, pyproject: str, wanted: Project, target: Target) -> ProjectLines:
    """Say what of a lock uv is to write down.

    Raises StaleError for one that does not have what the project asks for on the target, ValueError
    for what is no lock, or was not made for the target's Python.
    """
    locked, project = read_toml(lock), read_toml(pyproject)
    _refuse_stale(locked, project, target)
    choice = Choice.of(
        wanted.groups,
        wanted.extras,
        known=_groups(project),
        known_extras=standard_extras(project),
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
    locked: Mapping[str, object], project: Mapping[str, object], target: Target
) -> None:
    if python := text(locked.get("requires-python"), "requires-python"):
        refuse_other_python(python, target)
    packages = rows(locked.get("package"), "package")
    if not packages or "version" not in locked:
        raise ValueError("it has no packages, or no version")
    standard = table(project.get("project"), "[project]")
    name = canonicalize_name(text(standard.get("name"), "name"))
    own = next((one for one in packages if one.get("name") == name), None)
    if own is None:
        # A workspace without a project of its own has its groups there.
        own = {"metadata": {"requires-dev": table(locked.get("manifest"), "manifest").get(
            "dependency-groups")}}  # fmt: skip
        if name:
            raise StaleError(f"it does not hold the project {shortened(name)}", "uv lock")
    metadata = table(own.get("metadata"), "metadata")
    parts: list[tuple[str, Iterable[str], object]] = []
    if "dependencies" not in texts(standard.get("dynamic"), "dynamic"):
        own_lines = standard_requirements(project, Choice())
        parts.append(("its dependencies", own_lines, metadata.get("requires-dist")))
    for extra in sorted(standard_extras(project)):
        of_extra = _of_extra(project, extra)
        parts.append((f"the extra {extra}", of_extra, metadata.get("requires-dist")))
    for group in sorted(_groups(project)):
        of_group = _of_group(project, group)
        dev = table(metadata.get("requires-dev"), "requires-dev")
        parts.append((f"the group {group}", of_group, dev.get(group)))
    for what, lines, entries in parts:
        extra = what.removeprefix("the extra ") if what.startswith("the extra") else ""
        _compare(what, set(_written(lines, target)), set(_locked(entries, target, extra)))


def _compare(what: str, now: set[_Asked], then: set[_Asked]) -> None:
    elsewhere = {name for name, _, versions in then if versions is None}
    now = {(n, extras, None if n in elsewhere else v) for n, extras, v in now}
    changed = sorted({name for name, *_ in now ^ then})
    if changed:
        raise StaleError(
            f"{what} have changed since it was written, in pyproject.toml: {', '.join(changed)}",
            "uv lock",
        )


def _groups(project: Mapping[str, object]) -> set[str]:
    settings = table(table(project.get("tool"), "[tool]").get("uv"), "[tool.uv]")
    return standard_groups(project) | ({"dev"} if "dev-dependencies" in settings else set())


def _of_extra(project: Mapping[str, object], extra: str) -> list[str]:
    own = table(project.get("project"), "[project]")
    only = {**project, "project": {**own, "dependencies": []}}
    return list(standard_requirements(only, Choice(extras=frozenset({extra}))))


def _of_group(project: Mapping[str, object], group: str) -> list[str]:
    lines = list(standard_requirements(project, Choice(groups=frozenset({group}), main=False)))
    settings = table(table(project.get("tool"), "[tool]").get("uv"), "[tool.uv]")
    if group == "dev":
        lines += texts(settings.get("dev-dependencies"), "dev-dependencies")
    return lines


def _written(lines: Iterable[str], target: Target) -> Iterator[_Asked]:
    for line in lines:
        try:
            read = Requirement(line)
        except (ValueError, RecursionError):
            raise ValueError(f"pyproject.toml: {shortened(line)} is not a requirement") from None
        if applies(str(read.marker or ""), read.name, target):
            extras = frozenset(canonicalize_name(extra) for extra in read.extras)
            versions = None if read.url else read.specifier
            yield canonicalize_name(read.name), extras, versions


def _locked(entries: object, target: Target, extra: str) -> Iterator[_Asked]:
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
