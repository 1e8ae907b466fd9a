"""The files of the user's workspace: read and written in it, wherever links may lead."""

import os
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path

from layer_builder.archive import OutputDir
from layer_builder.errors import ManifestError, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.paths import PathMistakeError, normal_path
from layer_builder.sources.git import commit_of, files_of, is_tracked, origin_of
from layer_builder.sources.requirements import ReadDirect
from layer_builder.sources.texts import MOST_BYTES, Tell, read_any_text, read_bounded

MOST_NAMED_BYTES = 64 * 1024 * 1024
"""Of a report, which tells of every distribution of every layer."""


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
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The caller's variables, of which the manifest may list some for its requirements."""

    @classmethod
    def around(
        cls, manifest: Path, environ: Mapping[str, str], output: Path | None = None
    ) -> "Workspace":
        """Find the workspace of a manifest: `GITHUB_WORKSPACE`, or the git checkout it lies in.

        Else it is the folder that the manifest lies in, wherever the program was started.
        Raises ManifestError where a link in the workspace leads the manifest or the output
        directory out of it. An output directory elsewhere, by an absolute path, is the caller's
        word.
        """
        here = Path.cwd()
        named = Path(os.path.normpath(manifest.absolute())).parent
        base = Path(os.path.realpath(manifest)).parent
        checkout = _checkout(named, environ)
        root = checkout or Path(os.path.realpath(named))
        workspace = cls(
            root=root if base.is_relative_to(root) else base,
            base=base,
            output=Path(os.path.realpath(output)) if output else None,
            environ=environ,
        )
        # Without a checkout, what was named below the working directory is meant to be there.
        for around in (root,) if checkout else (root, here):
            _refuse_escape(manifest, base, around, "the manifest")
        if output and workspace.output:
            for around in (root, here):
                _refuse_escape(output, workspace.output, around, "output-dir")
        return workspace

    def locate(self, path: str) -> str | Problem:
        """Give the one spelling of a path that the manifest names, or say why it is not followed."""
        try:
            found = normal_path(path)
        except PathMistakeError as error:
            lexical = Path(os.path.normpath(path))
            is_here = lexical.is_absolute() and lexical.is_relative_to(self.root)
            advice = f"write {self.relative(lexical)}" if is_here else error.advice
            return Problem(message=f"{path!r} {error}", advice=(advice,))
        return self.refusal(found) or found

    def find(self, path: str) -> Path:
        """Say where a path lies that the manifest names, in its one spelling.

        Where the disk has the name in other Unicode letters (NFD), those are meant.
        """
        place = Path(os.path.normpath(self.base / path))
        if os.path.lexists(place) or path.isascii() or not place.is_relative_to(self.root):
            return place
        found = self.root
        for part in place.relative_to(self.root).parts:
            found /= self._name_on_disk(found, part)
        return found

    def _name_on_disk(self, folder: Path, name: str) -> str:
        if os.path.lexists(folder / name) or not (folder.is_dir() and self.holds(folder)):
            return name
        names = (one.name for one in folder.iterdir())
        same = [one for one in names if unicodedata.normalize("NFC", one) == name]
        return same[0] if len(same) == 1 else name

    def relative(self, place: Path) -> str:
        """Name a place as the manifest would: relative to its folder."""
        return Path(os.path.relpath(place, self.base)).as_posix()

    def folder_of(self, path: str) -> str:
        """Name the folder that a file really lies in: what it names is relative to that, as for pip."""
        return self.relative(Path(os.path.realpath(self.find(path).parent)))

    def refusal(self, path: str) -> Problem | None:
        """Say why nothing is read at a path that the manifest names; None where it may be."""
        if self.holds(self.find(path)):
            return None
        if Path(os.path.normpath(self.base / path)).is_relative_to(self.root):
            return Problem(message=f"{path} is a link that leaves the workspace")
        return Problem(
            message=f"{path} leads out of the workspace",
            advice=self.seen_from_elsewhere(path) or (f"the workspace is {self._kind}",),
        )

    def seen_from_elsewhere(self, path: str) -> tuple[str, ...]:
        """Say how to write a path that is there for who stands in another folder than the manifest's."""
        for folder, name in (
            (Path.cwd(), "from the working directory"),
            (self.root, "from the top of the workspace"),
        ):
            place = Path(os.path.normpath(folder / path))
            if folder != self.base and self.holds(place) and os.path.lexists(place):
                return (
                    f"{path} is there {name}; paths are relative to the manifest's folder:"
                    f" write {self.relative(place)}",
                )
        return ()

    @property
    def _kind(self) -> str:
        if (self.root / ".git").exists():
            return f"the git checkout, {self.root}"
        if self.root != self.base:
            return f"GITHUB_WORKSPACE, {self.root}"
        return "the manifest's folder: no git checkout is around it"

    def read(self, path: str) -> str | Problem:
        """Read a text file that the manifest names, or say why not."""
        return self._read(path, read_bounded)

    def read_requirements(self, path: str, tell: Tell) -> str | Problem:
        """Read a file as pip reads requirements, or say why not; `tell` hears of odd encodings."""
        return self._read(path, lambda place: read_any_text(place, path, tell))

    def _read(self, path: str, read: Callable[[Path], str]) -> str | Problem:
        if problem := self.refusal(path):
            return problem
        place = self.find(path)
        try:
            return read(place)
        except FileNotFoundError:
            folder = place.parent
            nearby = sorted(p.name for p in folder.glob("*.txt")) if folder.is_dir() else []
            beside = (f"beside it: {', '.join(nearby[:5])}",) if nearby else ()
            advice = self.seen_from_elsewhere(path) or beside
            return Problem(message=f"there is no file {path}", advice=advice)
        except (OSError, ValueError) as error:
            return Problem(message=f"{path} {_why_unread(error)}")

    def load(self, path: Path, most_bytes: int = MOST_BYTES) -> str:
        """Read a text file by the path that it has for the caller.

        Raises OSError, EncodingError, and OversizeError for one that is larger than allowed;
        ManifestError for a link that leaves the workspace.
        """
        if not self.holds(path):
            raise ManifestError.because(f"{path} is a link that leaves the workspace")
        return read_bounded(path, most_bytes)

    def no_manifest(self, path: Path) -> ManifestError:
        """Tell that there is none by the path that it has for the caller, and what is there instead."""
        other = path.with_suffix(".yaml" if path.suffix == ".yml" else ".yml")
        is_there = other.is_file() and self.holds(other)
        return ManifestError.because(
            f"there is no manifest at {path}",
            advice=(
                f"{other} is there: rename it, or name it (manifest: {other})"
                if is_there
                else "`layer-builder init` writes one; manifest: names another path",
            ),
        )

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


def _why_unread(error: OSError | ValueError) -> str:
    match error:
        case IsADirectoryError():
            return "is a directory, not a requirements file"
        case OSError():
            return f"cannot be read: {error.strerror}"
        case _:
            return str(error)


def _checkout(folder: Path, environ: Mapping[str, str]) -> Path | None:
    """Find what a folder is named in: GITHUB_WORKSPACE, or a git checkout."""
    around = (folder, *folder.parents)
    if named := environ.get("GITHUB_WORKSPACE"):
        workspace = os.path.realpath(named)
        if any(os.path.realpath(parent) == workspace for parent in around):
            return Path(workspace)
    checkout = next((parent for parent in around if (parent / ".git").exists()), None)
    return checkout and Path(os.path.realpath(checkout))


def _refuse_escape(path: Path, real: Path, root: Path, what: str) -> None:
    """Raise for a path that is named as being in a folder, and leads out of it, or into `.git`."""
    is_named_inside = any(
        os.path.realpath(parent) == str(root)
        for parent in Path(os.path.normpath(path.absolute())).parents
    )
    if not is_named_inside:
        return
    if not real.is_relative_to(root) or ".git" in real.relative_to(root).parts:
        raise ManifestError.because(
            f"{what} {path} is a link, or in one, that leaves the workspace",
            advice=("nothing is read or written behind it; name a folder of the workspace",),
        )
