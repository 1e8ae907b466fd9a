"""The files of the user's workspace: read and collected, never from outside it."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pathspec

from layer_builder.errors import Place, Problem
from layer_builder.model import FileToInclude, Include

NEVER_INCLUDED = (
    ".git/", ".hg/", ".svn/", ".venv/", "venv/", "__pycache__/", "*.pyc", "*.pyo", ".DS_Store",
    ".mypy_cache/", ".pytest_cache/", ".ruff_cache/", ".tox/", "node_modules/",
)  # fmt: skip
"""Left out of every include: of no use in a layer."""


SECRETS = (
    ".env",
    ".env.*",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "id_rsa",
    "id_ed25519",
    ".netrc",
    ".pypirc",
)
"""Left out of every include, with a warning: a layer can be read by all who may use it."""


@dataclass(frozen=True, kw_only=True)
class CollectedFiles:
    """What the includes of a layer found."""

    files: tuple[FileToInclude, ...] = ()
    left_out: tuple[str, ...] = ()
    """Paths in the workspace that were passed over, folders with a trailing slash."""
    secrets: tuple[str, ...] = ()
    """The ones among them that look like credentials."""
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A directory that nothing may leave, and the manifest's directory in it."""

    root: Path
    base: Path
    output: Path | None = None
    """Where zips and reports go: what an earlier run left there is no input."""
    index_origins: frozenset[str] = frozenset()
    """Of the package indexes that the caller's environment names, and no file in here."""

    @classmethod
    def around(cls, manifest: Path, root: Path, output: Path | None = None) -> "Workspace":
        """Take `root` as the workspace when the manifest is in it, else the manifest's directory."""
        base = manifest.resolve().parent
        resolved = root.resolve()
        return cls(
            root=resolved if base.is_relative_to(resolved) else base,
            base=base,
            output=output.resolve() if output else None,
        )

    def read(self, path: str) -> str | Problem:
        """Read a text file below the manifest, or say why not."""
        full = self.base / path
        if not self.holds(full):
            return Problem(message=f"{path} is a link that leaves the workspace")
        try:
            return full.read_text(encoding="utf-8-sig")
        except FileNotFoundError:
            nearby = (
                sorted(p.name for p in full.parent.glob("*.txt")) if full.parent.is_dir() else []
            )
            advice = (f"beside it: {', '.join(nearby[:5])}",) if nearby else ()
            return Problem(message=f"there is no file {path}", advice=advice)
        except IsADirectoryError:
            return Problem(message=f"{path} is a directory, not a requirements file")
        except UnicodeDecodeError:
            return Problem(message=f"{path} is not text in UTF-8")
        except OSError as error:
            return Problem(message=f"{path} cannot be read: {error.strerror}")

    def collect(self, includes: Sequence[Include], exclude: Sequence[str]) -> CollectedFiles:
        """Find the files that the includes name, less what is excluded or never included."""
        files: dict[str, FileToInclude] = {}
        left_out: list[str] = []
        problems: list[Problem] = []
        passed_over = pathspec.GitIgnoreSpec.from_lines((*NEVER_INCLUDED, *SECRETS))
        excluded = pathspec.GitIgnoreSpec.from_lines(exclude)
        for include in includes:
            start = self.base / include.source
            if not start.exists() or not self.holds(start):
                problems.append(self._absent(start, include))
                continue
            for source in self._walk(start, left_out, passed_over):
                inner = source.relative_to(start).as_posix()
                relative = source.relative_to(self.base).as_posix()
                if excluded.match_file(relative):
                    continue
                if passed_over.match_file(relative):
                    left_out.append(_printable(relative))
                elif not self.holds(source):
                    problems.append(_leaves(_printable(relative), include.place))
                elif why := _unfit(source, relative):
                    problems.append(Problem(message=why, place=include.place))
                else:
                    target = _target(include, inner)
                    if target in files and files[target].source != source:
                        problems.append(_clash(target, relative, include))
                    files[target] = FileToInclude(
                        path=target, source=source, executable=os.access(source, os.X_OK)
                    )
        folders = {str(parent) for path in files for parent in PurePosixPath(path).parents}
        problems += [
            _clash(path, "another include", includes[0]) for path in sorted(folders & files.keys())
        ]
        secret = pathspec.GitIgnoreSpec.from_lines(SECRETS)
        return CollectedFiles(
            files=tuple(files[path] for path in sorted(files)),
            left_out=tuple(sorted(left_out)),
            secrets=tuple(sorted(secret.match_files(left_out))),
            problems=tuple(problems),
        )

    def _walk(
        self, start: Path, left_out: list[str], passed_over: pathspec.GitIgnoreSpec
    ) -> Iterator[Path]:
        """Yield files; linked folders are followed inside the workspace, but not in circles."""
        if not start.is_dir():
            yield start
            return
        queue: list[tuple[Path, frozenset[Path]]] = [(start, frozenset())]
        while queue:
            folder, above = queue.pop()
            real = folder.resolve()
            if real in above:
                continue
            for child in sorted(folder.iterdir()):
                relative = child.relative_to(self.base).as_posix()
                if not child.is_dir() or (child.is_symlink() and not self.holds(child)):
                    yield child
                elif passed_over.match_file(f"{relative}/") or child.resolve() == self.output:
                    left_out.append(_printable(f"{relative}/"))
                else:
                    queue.append((child, above | {real}))

    def holds(self, path: Path) -> bool:
        """Tell whether what a path leads to is in here, links followed."""
        real = os.path.realpath(path)  # before Python 3.13, resolve() raises on loops
        return Path(real).is_relative_to(self.root)

    def _absent(self, start: Path, include: Include) -> Problem:
        if not self.holds(start):
            return _leaves(include.source, include.place)
        return Problem(message=f"there is nothing at {include.source}", place=include.place)


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
