"""Where the sources of direct references are put for the installer, under a path that tells their content."""

import hashlib
import json
import os
import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Mapping
from dataclasses import field
from pathlib import Path
from typing import assert_never

from layer_builder.direct.git_remote import GitRemote
from layer_builder.direct.packing import pack
from layer_builder.direct.reference import DirectReference, GitCommit, LocalSource, RemoteFile
from layer_builder.errors import InstallError
from layer_builder.keeping import SignedNotes, refuse_folder, replace_file
from layer_builder.lazy_dataclasses import dataclass

_FOLDER = "sources"
_KEPT_SECONDS = 30 * 24 * 3600


@dataclass(frozen=True, kw_only=True)
class StoredSource:
    """What an installer is to take for a direct reference."""

    url: str
    """Of the file here, or elsewhere."""
    sha256: str
    """Of the file."""


@dataclass(frozen=True, kw_only=True)
class BuiltSource:
    """What a wheel tells of itself."""

    version: str
    requires: tuple[str, ...] = ()
    """`Requires-Dist`, where it was built here."""


@dataclass(kw_only=True, eq=False)
class SourceStore:
    """A folder of files, each by its digest. uv's cache goes by paths: the same file has the same."""

    git: GitRemote = field(default_factory=GitRemote)
    notes: SignedNotes = field(default_factory=SignedNotes)
    """What is known of commits, and of sources by their digests."""
    _built: dict[str, BuiltSource] = field(default_factory=dict, repr=False)
    _own: Path | None = field(default=None, repr=False)
    _commits: dict[str, StoredSource] = field(default_factory=dict, repr=False)
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @classmethod
    def around(cls, environ: Mapping[str, str]) -> "SourceStore":
        """Open the user's store."""
        notes = SignedNotes.around(environ, _FOLDER)
        return cls(git=GitRemote(environ=environ), notes=notes)

    def find(self, reference: DirectReference) -> StoredSource:
        """Give what the installer is to take. Raises InstallError where git cannot fetch it."""
        match reference.origin:
            case LocalSource() as origin:
                path = self._put(origin.file, origin.content)
                return StoredSource(url=path.as_uri(), sha256=origin.sha256)
            case RemoteFile() as origin:
                return StoredSource(url=origin.address, sha256=origin.sha256)
            case GitCommit() as origin:
                with self._lock:
                    return self._of_commit(reference.name, origin)
            case _:
                assert_never(reference.origin)

    def look(self, name: str, stored: StoredSource, see: Callable[[], BuiltSource]) -> BuiltSource:
        """Say what a source's wheel tells; `see` finds out what no run has seen. Raises what that does."""
        about = f"{name} {stored.sha256}"
        with self._lock:
            if about not in self._built:
                if note := self.notes.find(about):
                    version, *requires = json.loads(note)
                    self._built[about] = BuiltSource(version=version, requires=tuple(requires))
                else:
                    self._built[about] = found = see()
                    self.notes.keep(about, json.dumps([found.version, *found.requires]))
            return self._built[about]

    def _of_commit(self, name: str, origin: GitCommit) -> StoredSource:
        file = f"{name}.tar.gz"
        if known := self._commits.get(f"{name} {origin.address}"):
            return known
        about = f"{file} {origin.address}"
        path = self._folder() / (sha256 := self.notes.find(about)) / file
        if not (sha256 and _has(path, sha256)):
            files = self.git.files(origin)
            if not any(one.path in {"pyproject.toml", "setup.py"} for one in files):
                raise InstallError.because(
                    f"{origin.address} has no pyproject.toml and no setup.py",
                    advice=("#subdirectory=… behind the commit names the folder that has one",),
                )
            path = self._put(file, pack(name, files))
            sha256 = path.parent.name
            self.notes.keep(about, sha256)
        stored = StoredSource(url=path.as_uri(), sha256=sha256)
        self._commits[f"{name} {origin.address}"] = stored
        return stored

    def _put(self, file: str, content: bytes) -> Path:
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._folder() / sha256 / file
        if not _has(path, sha256):
            path.parent.mkdir(mode=0o700, exist_ok=True)
            replace_file(path, lambda target: target.write(content))
        return path

    def _folder(self) -> Path:
        """Give a folder that is this user's alone: for good where things are kept, else for now."""
        with self._lock:
            if self.notes.folder and self._own is None:
                folder = self.notes.folder.with_name("source-files")
                try:
                    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                    refuse_folder(folder)
                    _forget_old(folder)
                    self._own = folder
                except OSError:
                    pass
            if self._own is None:
                self._own = Path(tempfile.mkdtemp(prefix="layer-builder-sources-"))
                weakref.finalize(self, shutil.rmtree, self._own, ignore_errors=True)
            return self._own


def _forget_old(folder: Path) -> None:
    """Remove what no run has used for long: each change of a project leaves an archive."""
    before = time.time() - _KEPT_SECONDS
    for one in folder.iterdir():
        if one.stat().st_mtime < before:
            shutil.rmtree(one, ignore_errors=True)


def _has(path: Path, sha256: str) -> bool:
    try:
        is_whole = hashlib.sha256(path.read_bytes()).hexdigest() == sha256
        os.utime(path.parent)
    except OSError:
        return False
    return is_whole
