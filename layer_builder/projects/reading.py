"""Finds what a project has, and reads it: a lock of one of five tools, else its own file."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from layer_builder.errors import ManifestError, Problem
from layer_builder.model import Project, Target
from layer_builder.projects.locked import ProjectLines, StaleError, read_toml, table
from layer_builder.projects.pdm import read_pdm_lock
from layer_builder.projects.pipenv import read_pipfile_lock
from layer_builder.projects.poetry import read_poetry_lock, read_poetry_project
from layer_builder.projects.pylock import is_pylock, read_pylock
from layer_builder.projects.pyproject import read_standard_project
from layer_builder.projects.uv_lock import choose_of_uv_lock

_LOCKS = {
    "uv.lock": "pyproject.toml",
    "poetry.lock": "pyproject.toml",
    "pdm.lock": "pyproject.toml",
    "Pipfile.lock": "Pipfile",
}
"""The locks of tools, and the file that each is made from."""


_PYLOCK, _PYPROJECT = "pylock.toml", "pyproject.toml"


ReadProjectFile = Callable[[str], str | Problem | None]
"""Gives the text of a file below the manifest, None where there is none, or says why it cannot."""


@dataclass(frozen=True, kw_only=True)
class ProjectFiles:
    """The file that tells what a project asks for, and the one that this was made from."""

    folder: str
    name: str
    content: str
    source: str = ""

    @property
    def path(self) -> str:
        """The file's path below the manifest."""
        return str(PurePosixPath(self.folder, self.name))


def find_project(project: Project, read: ReadProjectFile) -> ProjectFiles:
    """Find a project's lock, else its pyproject.toml. Raises ManifestError."""
    path = PurePosixPath(project.path)
    if path.name in {*_LOCKS, _PYPROJECT} or is_pylock(project.path):
        folder, names = str(path.parent), [path.name]
    else:
        folder, names = project.path, [*_LOCKS]
    found = {
        name: content for name in names if (content := _content(folder, name, read)) is not None
    }
    if len(found) > 1:
        first, *others = found
        raise ManifestError.because(
            f"project: {folder} has {' and '.join(found)}, and one lock counts",
            advice=(
                f"name it: project: {{path: {PurePosixPath(folder, first)}}}",
                f"or remove {' and '.join(others)}",
            ),
        )
    for name in (_PYLOCK, _PYPROJECT):
        if not found and len(names) > 1 and (content := _content(folder, name, read)) is not None:
            found[name] = content
    for name, content in found.items():
        source = _LOCKS.get(name, "")
        made_from = _content(folder, source, read) if source else ""
        if made_from is None:
            raise ManifestError.because(
                f"project: beside {PurePosixPath(folder, name)} there is no {source}"
            )
        return ProjectFiles(folder=folder, name=name, content=content, source=made_from)
    advice = ("`pipenv lock` writes one",) if _content(folder, "Pipfile", read) is not None else ()
    wanted = [*names, _PYLOCK, _PYPROJECT] if len(names) > 1 else names
    raise ManifestError.because(f"project: {folder} has no {', '.join(wanted)}", advice=advice)


def read_project(files: ProjectFiles, wanted: Project, target: Target) -> ProjectLines:
    """List what a project asks for on a target, or what uv is to list.

    Raises ManifestError for a lock that cannot be read, or that the project has outgrown.
    """
    try:
        match files.name:
            case "uv.lock":
                return choose_of_uv_lock(files.content, files.source, wanted, target)
            case "poetry.lock":
                return read_poetry_lock(files.content, files.source, wanted, target)
            case "pdm.lock":
                return read_pdm_lock(files.content, files.source, wanted, target)
            case "Pipfile.lock":
                return read_pipfile_lock(files.content, files.source, wanted, target)
            case name if is_pylock(name):
                return read_pylock(files.content, wanted, target)
            case _:
                return _read_unlocked(files.content, wanted)
    except StaleError as error:
        raise ManifestError.because(
            f"project: {files.path} is out of date: {error}",
            advice=(f"`{error.renewal}` renews it",),
        ) from None
    except ValueError as error:
        raise ManifestError.because(f"project: {files.path}: {error}") from None


def _read_unlocked(pyproject: str, wanted: Project) -> ProjectLines:
    project = read_toml(pyproject)
    if "poetry" in table(project.get("tool"), "[tool]"):
        return read_poetry_project(pyproject, wanted)
    return read_standard_project(pyproject, wanted)


def _content(folder: str, name: str, read: ReadProjectFile) -> str | None:
    content = read(str(PurePosixPath(folder, name)))
    if isinstance(content, Problem):
        raise ManifestError(content)
    return content
