"""What a `pyproject.toml` asks for by the standard's tables.

https://packaging.python.org/en/latest/specifications/pyproject-toml/ and …/dependency-groups/.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from packaging.dependency_groups import resolve_dependency_groups
from packaging.utils import canonicalize_name

from layer_builder.model import Project
from layer_builder.projects.locked import Choice, ProjectLines, read_toml, table, texts


def read_standard_project(pyproject: str, wanted: Project) -> ProjectLines:
    """List what a project without a lock asks for. Raises ValueError."""
    project = read_toml(pyproject)
    choice = Choice.of(
        wanted.groups,
        wanted.extras,
        known=standard_groups(project),
        known_extras=standard_extras(project),
    )
    lines = tuple(standard_requirements(project, choice))
    settings = table(table(project.get("tool"), "[tool]").get("uv"), "[tool.uv]")
    refuse_own_sources(lines, table(settings.get("sources"), "[tool.uv.sources]"), "uv lock")
    return ProjectLines(lines=lines)


def refuse_own_sources(lines: Iterable[str], sources: Iterable[str], locking: str) -> None:
    """Raise ValueError for what is to come from a place of its own: only a lock tells its hash.

    Asked of the default index, another's distribution of that name would answer.
    """
    named = {canonicalize_name(name) for name in sources}
    for line in lines:
        name = canonicalize_name(re.split(r"[^\w.-]", line, maxsplit=1)[0])
        if name in named:
            raise ValueError(
                f"{name} is to come from a source of its own, which only a lock makes safe:"
                f" `{locking}` writes one"
            )


def standard_requirements(project: Mapping[str, object], choice: Choice) -> Iterator[str]:
    """Yield the requirements of `[project]` and of `[dependency-groups]` that are chosen.

    Raises ValueError.
    """
    groups = table(project.get("dependency-groups"), "[dependency-groups]")
    having = standard_groups(project)
    if named := sorted(choice.groups & having):
        yield from _of_groups(groups, named)
    if not choice.main:
        return
    standard = table(project.get("project"), "[project]")
    yield from texts(standard.get("dependencies"), "dependencies")
    optional = table(standard.get("optional-dependencies"), "optional-dependencies")
    for name, lines in optional.items():
        if canonicalize_name(name) in choice.extras:
            yield from texts(lines, f"extra {name}")


def standard_groups(project: Mapping[str, object]) -> set[str]:
    """List the dependency groups by their normalised names."""
    groups = table(project.get("dependency-groups"), "[dependency-groups]")
    return {canonicalize_name(name) for name in groups}


def standard_extras(project: Mapping[str, object]) -> set[str]:
    """List the extras by their normalised names."""
    standard = table(project.get("project"), "[project]")
    return {
        canonicalize_name(name)
        for name in table(standard.get("optional-dependencies"), "optional-dependencies")
    }


def _of_groups(groups: Mapping[str, object], names: Sequence[str]) -> tuple[str, ...]:
    try:
        return resolve_dependency_groups(groups, *names)  # type: ignore[arg-type]  # it checks them
    except ExceptionGroup as error:
        raise ValueError("; ".join(map(str, error.exceptions))) from error
    except (LookupError, TypeError) as error:
        raise ValueError(f"its dependency groups: {error}") from error
