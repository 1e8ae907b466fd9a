"""The workspace's own files for a layer: those that its includes name, but for what never goes in."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from layer_builder.console import Reporter
from layer_builder.errors import Place, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import FileToInclude, Include, Layer
from layer_builder.patterns import PathPatterns
from layer_builder.sources.secrets import is_left_out, is_secret
from layer_builder.sources.workspace import Workspace

_MOST_TOLD = 5
"""Paths that were left out, in a line of the log."""


@dataclass(frozen=True, kw_only=True)
class CollectedFiles:
    """What the includes of a layer found."""

    files: tuple[FileToInclude, ...] = ()
    left_out: tuple[str, ...] = ()
    """Paths in the workspace that were passed over, folders with a trailing slash."""
    secrets: tuple[str, ...] = ()
    """The ones among them that look like credentials."""
    problems: tuple[Problem, ...] = ()

    @property
    def nothing(self) -> Problem:
        """What is wrong where no file was found."""
        passed_over = f" ({', '.join(self.left_out[:5])} left out)" if self.left_out else ""
        return Problem(
            message=f"its include: finds no file{passed_over}, and AWS refuses an empty layer"
        )

    def tell_left_out(self, layer: Layer, reporter: Reporter) -> None:
        """Tell what was passed over, secrets with a warning."""
        if self.secrets:
            message = f"left out, since they look like credentials: {', '.join(self.secrets)}"
            place = layer.include[0].place
            reporter.warn(Problem(message=message, layer=layer.key, place=place))
        others = [path for path in self.left_out if path not in self.secrets]
        if others:
            more = f" and {len(others) - _MOST_TOLD} more" if len(others) > _MOST_TOLD else ""
            shown = ", ".join(others[:_MOST_TOLD])
            reporter.step(layer.title, f"left out of the layer: {shown}{more}")


def collect_files(
    workspace: Workspace, includes: Sequence[Include], exclude: Sequence[str]
) -> CollectedFiles:
    """Find the files that the includes name, less what is excluded or never included."""
    found = _FileFinder(workspace)
    excluded = PathPatterns(exclude)
    for include in includes:
        start = workspace.find(include.source)
        if not start.exists() or not workspace.holds(start):
            found.problems.append(_absent(workspace, include))
            continue
        for source in found.walk(start):
            if not excluded.matches(workspace.relative(source)):
                found.add(source, source.relative_to(start).as_posix(), include)
    return found.found(includes)


class _FileFinder:
    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.files: dict[str, FileToInclude] = {}
        self.left_out: list[str] = []
        self.secrets: list[str] = []
        self.problems: list[Problem] = []

    def add(self, source: Path, inner: str, include: Include) -> None:
        """Take a file, or say why not."""
        relative = self.workspace.relative(source)
        if self._passes_over(source):
            return
        if not self.workspace.holds(source):
            self.problems.append(_leaves(_printable(relative), include.place))
        elif why := _unfit(source, relative):
            self.problems.append(Problem(message=why, place=include.place))
        else:
            target = _target(include, inner)
            if target in self.files and self.files[target].source != source:
                self.problems.append(_clash(target, relative, include))
            self.files[target] = FileToInclude(
                path=target, source=source, executable=os.access(source, os.X_OK)
            )

    def walk(self, start: Path) -> Iterator[Path]:
        """Yield files; linked folders are followed inside the workspace, but not in circles."""
        if not start.is_dir():
            yield start
            return
        queue: list[tuple[Path, frozenset[Path]]] = [(start, frozenset())]
        while queue:
            folder, above = queue.pop()
            real = folder.resolve()
            if real in above or self._passes_over(folder):
                continue
            for child in sorted(folder.iterdir()):
                if not child.is_dir() or (child.is_symlink() and not self.workspace.holds(child)):
                    yield child
                elif child.resolve() == self.workspace.output or _is_output(child):
                    self.left_out.append(self._shown(child))
                else:
                    queue.append((child, above | {real}))

    def found(self, includes: Sequence[Include]) -> CollectedFiles:
        """Give what was taken and what was not."""
        folders = {str(parent) for path in self.files for parent in PurePosixPath(path).parents}
        clashes = [
            _clash(path, "another include", includes[0])
            for path in sorted(folders & self.files.keys())
        ]
        return CollectedFiles(
            files=tuple(self.files[path] for path in sorted(self.files)),
            left_out=tuple(sorted(self.left_out)),
            secrets=tuple(sorted(self.secrets)),
            problems=(*self.problems, *clashes),
        )

    def _passes_over(self, path: Path) -> bool:
        """Note what never goes into a layer, by its name here or by that of what it links to."""
        shown = self._shown(path)
        names = [shown]
        real = Path(os.path.realpath(path))
        if real.is_relative_to(self.workspace.root):
            slash = "/" if shown.endswith("/") else ""
            names.append(f"{real.relative_to(self.workspace.root).as_posix()}{slash}")
        if not any(is_left_out(name) for name in names):
            return False
        self.left_out.append(shown)
        if any(is_secret(name) for name in names):
            self.secrets.append(shown)
        return True

    def _shown(self, path: Path) -> str:
        slash = "/" if path.is_dir() else ""
        return _printable(f"{self.workspace.relative(path)}{slash}")


def _is_output(folder: Path) -> bool:
    """Tell a folder that another run wrote, which may have been started somewhere else."""
    return all((folder / f"report.{kind}").is_file() for kind in ("json", "md", "html"))


def _absent(workspace: Workspace, include: Include) -> Problem:
    if problem := workspace.refusal(include.source):
        return replace(problem, place=include.place)
    return Problem(
        message=f"there is nothing at {include.source}",
        place=include.place,
        advice=workspace.seen_from_elsewhere(include.source),
    )


def _printable(path: str) -> str:
    """Make a name from disk printable: bytes that are not UTF-8 are written as escapes."""
    return path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _unfit(source: Path, path: str) -> str | None:
    """Say why something on disk cannot be packed."""
    printable = _printable(path)
    if printable != path:
        return f"the name {printable} is not UTF-8"
    if source.is_file():
        return None
    return f"{path} is a link to nothing" if source.is_symlink() else f"{path} is not a file"


def _leaves(path: str, place: Place) -> Problem:
    return Problem(
        message=f"{path} is a link that leaves the workspace",
        place=place,
        advice=("copy the file into the workspace, or leave it out with exclude:",),
    )


def _clash(target: str, source: str, include: Include) -> Problem:
    return Problem(
        message=f"{source} would go to {target} in the layer, where another file is already",
        place=include.place,
        advice=("give one of them another place with to:, or leave it out with exclude:",),
    )


def _target(include: Include, inner: str) -> str:
    """Place a file: a folder's contents go below `to`; a single file becomes `to`, or goes into it."""
    to = PurePosixPath(include.to)
    if inner != ".":
        return str(to / inner)
    return str(to / PurePosixPath(include.source).name) if include.to.endswith("/") else str(to)
