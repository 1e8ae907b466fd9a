"""Finds what a project has, and reads it: a lock of one of five tools, else its own file."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from layer_builder.errors import ManifestError, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Project, Target
from layer_builder.projects.locked import ProjectLines, StaleError, read_toml, table
from layer_builder.projects.pdm import read_pdm_lock
from layer_builder.projects.pipenv import read_pipfile_lock
from layer_builder.projects.poetry import read_poetry_lock, read_poetry_project
from layer_builder.projects.pylock import is_pylock, read_pylock
from layer_builder.projects.pyproject import read_standard_project
from layer_builder.projects.uv_lock import choose_of_uv_lock, local_folders
from layer_builder.projects.workspaces import folders_above, has_member

_LOCKS = {
    "uv.lock": "pyproject.toml",
    "poetry.lock": "pyproject.toml",
    "pdm.lock": "pyproject.toml",
    "Pipfile.lock": "Pipfile",
}
"""The locks of tools, and the file that each is made from."""


_PYLOCK, _PYPROJECT, _UV_LOCK = "pylock.toml", "pyproject.toml", "uv.lock"


ReadProjectFile = Callable[[str], str | Problem | None]
"""Gives the text of a file below the manifest, None where there is none, or says why it cannot."""


@dataclass(frozen=True, kw_only=True)
class ProjectFiles:
    """The file that tells what a project asks for, and the one that this was made from."""

    folder: str
    """The project's own."""
    name: str
    content: str
    source: str = ""
    above: str = ""
    """The folder that has the lock, where that is not the project's own: its workspace's."""
    root: str = ""
    """The pyproject.toml there."""
    others: tuple[str, ...] = ()
    """Those of the other projects in a uv.lock."""

    @property
    def path(self) -> str:
        """The file's path below the manifest."""
        return str(PurePosixPath(self.above or self.folder, self.name))


def find_project(
    project: Project, read: ReadProjectFile, manifest: Sequence[str] = ()
) -> ProjectFiles:
    """Find a project's lock, else its pyproject.toml. Raises ManifestError.

    `manifest` names the folders from the top that nothing may leave to the manifest's: a lock may
    lie in one of them.
    """
    path = PurePosixPath(project.path)
    if path.name in {*_LOCKS, _PYPROJECT} or is_pylock(project.path):
        folder, names = str(path.parent), [path.name]
    else:
        folder, names = project.path, [*_LOCKS]
    found = _several(folder, names, read)
    if len(found) > 1:
        first, *others = found
        raise ManifestError.because(
            f"project: {folder} has {' and '.join(found)}, and one lock counts",
            advice=(
                f"name it: project: {{path: {PurePosixPath(folder, first)}}}",
                f"or remove {' and '.join(others)}",
            ),
        )
    is_open = len(names) > 1
    if ({*found} if found else {*names}) & {_UV_LOCK} and (
        member := _of_workspace(folder, read, manifest, has_lock=bool(found))
    ):
        return _with_others(member, read)
    for name in (_PYLOCK, _PYPROJECT):
        if is_open and not found:
            found = _several(folder, [name], read)
    for name, content in found.items():
        source = _LOCKS.get(name, "")
        made_from = _content(folder, source, read) if source else ""
        if made_from is None:
            raise ManifestError.because(
                f"project: beside {PurePosixPath(folder, name)} there is no {source}"
            )
        files = ProjectFiles(folder=folder, name=name, content=content, source=made_from)
        return _with_others(files, read) if name == _UV_LOCK else files
    advice = ("`pipenv lock` writes one",) if _content(folder, "Pipfile", read) is not None else ()
    wanted = [*names, _PYLOCK, _PYPROJECT] if is_open else names
    raise ManifestError.because(f"project: {folder} has no {', '.join(wanted)}", advice=advice)


def _with_others(files: ProjectFiles, read: ReadProjectFile) -> ProjectFiles:
    """Read what the other projects of a uv.lock ask for now. Raises ManifestError."""
    try:
        folders = local_folders(files.content)
    except ValueError:
        # Who reads the lock says what is wrong with it.
        return files
    paths = [PurePosixPath(files.above or files.folder, folder) for folder in folders]
    others = [_content(str(path), _PYPROJECT, read) for path in paths if str(path) != files.folder]
    return replace(files, others=tuple(other for other in others if other is not None))


def _several(folder: str, names: Sequence[str], read: ReadProjectFile) -> dict[str, str]:
    contents = {name: _content(folder, name, read) for name in names}
    return {name: content for name, content in contents.items() if content is not None}


def _of_workspace(
    folder: str, read: ReadProjectFile, manifest: Sequence[str], *, has_lock: bool
) -> ProjectFiles | None:
    """Find the lock of the workspace that has a project as its member. Raises ManifestError."""
    source = _content(folder, _PYPROJECT, read)
    if source is None:
        return None
    try:
        # A workspace's root is its own: uv looks no further.
        if has_member(source, "") is not None:
            return None
        for above, path in folders_above(folder, manifest):
            if (root := _content(above, _PYPROJECT, read)) is None:
                continue
            if not has_member(root, path):
                return None
            break
        else:
            return None
    except ValueError as error:
        raise ManifestError.because(
            f"project: {folder}: the workspace it may belong to cannot be read: {error}"
        ) from None
    lock = _content(above, _UV_LOCK, read)
    if lock is None:
        raise ManifestError.because(
            f"project: {folder} is a member of the uv workspace in {above}, which has no uv.lock",
            advice=("`uv lock` there writes one for all members",),
        )
    if has_lock:
        raise ManifestError.because(
            f"project: {folder} has a uv.lock, and is a member of the uv workspace in {above}:"
            " uv takes that one's lock",
            advice=(f"remove {PurePosixPath(folder, _UV_LOCK)}",),
        )
    return ProjectFiles(
        folder=folder, name=_UV_LOCK, content=lock, source=source, above=above, root=root
    )


def read_project(files: ProjectFiles, wanted: Project, target: Target) -> ProjectLines:
    """List what a project asks for on a target, or what uv is to list.

    Raises ManifestError for a lock that cannot be read, or that the project has outgrown.
    """
    try:
        match files.name:
            case "uv.lock":
                return choose_of_uv_lock(
                    files.content,
                    files.source,
                    wanted,
                    target,
                    root=files.root or files.source,
                    others=files.others,
                )
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
