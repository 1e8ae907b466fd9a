"""The files of the user's workspace: read and written in it, wherever links may lead."""

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from layer_builder.archive import OutputDir
from layer_builder.errors import ManifestError, Problem
from layer_builder.sources.git import commit_of, files_of, is_tracked, origin_of
from layer_builder.sources.requirements import ReadDirect

MOST_BYTES = 16 * 1024 * 1024
"""Of a file that says what a layer is made from: ten times the largest lock that was met."""


MOST_NAMED_BYTES = 64 * 1024 * 1024
"""Of a report, which tells of every distribution of every layer."""


class OversizeError(ValueError):
    """A file is larger than any of its kind."""


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """A directory that nothing may leave, and the manifest's directory in it."""

    root: Path
    base: Path
    output: Path | None = None
    """Where zips and reports go: what an earlier run left there is no input."""
    index_origins: frozenset[str] = frozenset()
    """Of the package indexes that the caller's environment names, and no file in here."""
    direct: ReadDirect | None = field(default=None, compare=False, repr=False)
    """Reads requirements that name where a distribution is."""

    @classmethod
    def around(
        cls, manifest: Path, environ: Mapping[str, str], output: Path | None = None
    ) -> "Workspace":
        """Find the workspace of a manifest: `GITHUB_WORKSPACE`, or the git checkout it lies in.

        Else it is the working directory where the manifest is below that, or the manifest's own.
        Raises ManifestError where a link in the workspace leads the manifest or the output
        directory out of it. An output directory elsewhere, by an absolute path, is the caller's
        word.
        """
        here = Path.cwd()
        named = manifest.absolute().parent
        base = Path(os.path.realpath(manifest)).parent
        root = _root(named, environ)
        workspace = cls(
            root=root if base.is_relative_to(root) else base,
            base=base,
            output=Path(os.path.realpath(output)) if output else None,
        )
        _refuse_escape(manifest, base, root, "the manifest")
        if output and workspace.output:
            for around in (root, here):
                _refuse_escape(output, workspace.output, around, "output-dir")
        return workspace

    def read(self, path: str) -> str | Problem:
        """Read a text file below the manifest, or say why not."""
        full = self.base / path
        if not self.holds(full):
            return Problem(message=f"{path} is a link that leaves the workspace")
        try:
            return read_bounded(full)
        except FileNotFoundError:
            nearby = (
                sorted(p.name for p in full.parent.glob("*.txt")) if full.parent.is_dir() else []
            )
            advice = (f"beside it: {', '.join(nearby[:5])}",) if nearby else ()
            return Problem(message=f"there is no file {path}", advice=advice)
        except (OSError, ValueError) as error:
            return Problem(message=f"{path} {_why_unread(error)}")

    def load(self, path: Path, most_bytes: int = MOST_BYTES) -> str:
        """Read a text file by the path that it has for the caller.

        Raises OSError, UnicodeDecodeError, and OversizeError for one that is larger than allowed;
        ManifestError for a link that leaves the workspace.
        """
        if not self.holds(path):
            raise ManifestError.because(f"{path} is a link that leaves the workspace")
        return read_bounded(path, most_bytes)

    def load_named(self, path: Path) -> str:
        """Read a text file that an input names: in the workspace, or where an absolute path leads.

        Raises OSError, ValueError, and ManifestError for a link that leaves the workspace.
        """
        if path.is_absolute() and not path.is_relative_to(self.root):
            return read_bounded(path, MOST_NAMED_BYTES)
        return self.load(path, MOST_NAMED_BYTES)

    def write(self, path: Path, text: str) -> None:
        """Put a text file in the place of what has the path; a link there is replaced.

        Raises ManifestError where the folder is outside of the workspace, OSError.
        """
        if not self.holds(path.parent):
            raise ManifestError.because(f"{path.parent} is a link that leaves the workspace")
        OutputDir(folder=path.parent).put(path.name, text)

    def tracks(self, path: Path) -> bool:
        """Tell whether git tracks a file; False where git cannot say."""
        return is_tracked(path)

    def listed(self, folder: Path) -> list[str] | None:
        """List what git tracks in a folder, or would; None where git cannot say."""
        return files_of(folder)

    @property
    def checkout(self) -> Path | None:
        """The git checkout that the manifest's directory lies in; None outside of one."""
        inside = (p for p in (self.base, *self.base.parents) if p.is_relative_to(self.root))
        return next((path for path in inside if (path / ".git").exists()), None)

    def origin(self) -> str:
        """Give the address that the checkout came from; empty where git cannot say."""
        return origin_of(self.checkout) if self.checkout else ""

    def commit(self) -> str:
        """Give the commit that is checked out; empty where git cannot say."""
        return commit_of(self.checkout) if self.checkout else ""

    def holds(self, path: Path) -> bool:
        """Tell whether what a path leads to is in here, links followed."""
        real = os.path.realpath(path)  # before Python 3.13, resolve() raises on loops
        return Path(real).is_relative_to(self.root)


def read_bounded(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """Read a regular file in UTF-8, with a byte order mark or without.

    Raises OSError, UnicodeDecodeError, and OversizeError for one of more bytes, before they are
    in memory.
    """
    # Opening a FIFO would wait for a writer: https://man7.org/linux/man-pages/man7/fifo.7.html
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(f"{path} is a directory")
        if not stat.S_ISREG(mode):
            raise OversizeError("is not a regular file")
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OversizeError(f"is larger than {most_bytes // 1024:,} KiB")
    return content.decode("utf-8-sig")


def _why_unread(error: OSError | ValueError) -> str:
    match error:
        case IsADirectoryError():
            return "is a directory, not a requirements file"
        case UnicodeDecodeError():
            return "is not text in UTF-8"
        case OSError():
            return f"cannot be read: {error.strerror}"
        case _:
            return str(error)


def _root(folder: Path, environ: Mapping[str, str]) -> Path:
    if named := environ.get("GITHUB_WORKSPACE"):
        return Path(os.path.realpath(named))
    checkouts = (parent for parent in (folder, *folder.parents) if (parent / ".git").exists())
    return Path(os.path.realpath(next(checkouts, Path.cwd())))


def _refuse_escape(path: Path, real: Path, root: Path, what: str) -> None:
    """Raise for a path that is named as being in a folder, and leads out of it, or into `.git`."""
    is_named_inside = any(
        os.path.realpath(parent) == str(root) for parent in path.absolute().parents
    )
    if not is_named_inside:
        return
    if not real.is_relative_to(root) or ".git" in real.relative_to(root).parts:
        raise ManifestError.because(
            f"{what} {path} is a link, or in one, that leaves the workspace",
            advice=("nothing is read or written behind it; name a folder of the workspace",),
        )
