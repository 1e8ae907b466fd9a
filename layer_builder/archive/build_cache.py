"""Builds of earlier runs, for all workspaces of a user: the same content is made and proven once.

Who can write here decides what is published. So the folder is its user's alone, and each entry bears
a tag under a key that lies elsewhere: what was put there by others is not taken.
"""

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import field
from pathlib import Path

from layer_builder.archive.output_dir import BuildRecord, OutputDir
from layer_builder.keeping import (
    NO_CACHE_VARIABLE,
    CacheKey,
    JobCache,
    SignedNotes,
    UnfitError,
    code_digest,
    copy_file,
    find_cache_folder,
    refuse_folder,
    replace_file,
)
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Archive, ProofDepth

CACHE_BYTES = 2 * 1024 * 1024 * 1024
"""Eight layers of the largest size that Lambda takes."""


_KEPT_FILE = re.compile(r"\.?[0-9a-f]{64}\.")


@dataclass(frozen=True, kw_only=True)
class BuildCache:
    """Zips and their notes in one folder; those not taken for longest leave first."""

    folder: Path | None = None
    """None keeps nothing."""
    key: CacheKey | None = None
    """None where there is no folder for one: then nothing is kept, either."""
    room_bytes: int = CACHE_BYTES
    last: SignedNotes = field(default_factory=SignedNotes)
    """Says which zip was kept last of a series: of a layer at one compression."""

    @classmethod
    def around(cls, environ: Mapping[str, str]) -> "BuildCache":
        """Choose the folder."""
        job, folder = JobCache.around(environ), find_cache_folder(environ)
        if environ.get(NO_CACHE_VARIABLE) or folder is None or not job.may_trust:
            return cls()
        return cls(
            folder=folder,
            key=CacheKey.around(environ, folder),
            room_bytes=job.most_bytes or CACHE_BYTES,
            last=SignedNotes.around(environ, "zips"),
        )

    def refusal(self) -> str:
        """Say why the folder or its key cannot be relied on; nothing where they can, or are not there.

        Who may write to them could have put anything there.
        """
        try:
            if self.folder:
                refuse_folder(self.folder)
            if self.key:
                self.key.read()
        except UnfitError as error:
            return str(error)
        except OSError:
            pass  # not there yet, or not to be read: nothing is found, and keeping says why
        return ""

    def find(self, content: str, tell: Callable[[str], None]) -> tuple[BuildRecord, Archive] | None:
        """Find the build with a content key; None unless it is what was kept.

        `tell` is told of one that somebody else may have put there.
        """
        if self.folder is None or self.key is None:
            return None
        name = _name(content)
        try:
            tag, _, text = (self.folder / f"{name}.signed").read_bytes().partition(b"\n")
        except OSError:
            return None
        if not self.key.has_signed(_signed(name, text), tag):
            tell("the build in the cache bears no tag of this user on this machine: built anew")
            return None
        entry = OutputDir(folder=self.folder).find(name, record_text=text)
        if entry is None or entry[0].content != content:
            return None
        self._touch(self.folder, name)
        return entry

    def last_of(self, series: str) -> Path | None:
        """Find the zip that was kept last of a series; None unless it is what was kept."""
        if self.folder is None:
            return None
        name, _, sha256 = self.last.find(_series(series)).partition(" ")
        output_dir = OutputDir(folder=self.folder)
        if not name or output_dir.sha256(name) != sha256:
            return None
        self._touch(self.folder, name)
        return output_dir.zip_path(name)

    def keep(self, archive: Archive, record: BuildRecord, series: str = "") -> None:
        """Keep a copy of a build, and let go of what there is no room for. Raises OSError.

        It is the last of its `series` then. What nothing imported, for want of a Python, is not kept: another run may have one.
        """
        proof = record.details.proof
        if proof and proof.static and proof.depth is not ProofDepth.STATIC:
            return
        if self.folder is None or self.key is None:
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        output_dir, name = OutputDir(folder=self.folder), _name(record.content)
        copy_file(archive.path, output_dir.zip_path(name))
        text = record.text
        tag = self.key.sign(_signed(name, text))
        replace_file(self.folder / f"{name}.signed", lambda file: file.write(tag + b"\n" + text))
        self.last.keep(_series(series), f"{name} {archive.sha256}")
        self._make_room(self.folder)

    @staticmethod
    def _touch(folder: Path, name: str) -> None:
        """Note that an entry was used now."""
        with suppress(OSError):
            # A folder that may only be read serves, too, and mounts with relatime may not keep an
            # access time: what was taken gets a new modification time.
            # https://man7.org/linux/man-pages/man8/mount.8.html
            for path in folder.glob(f"{name}.*"):
                os.utime(path)

    def _make_room(self, folder: Path) -> None:
        """Remove the files used longest ago, what a stopped run left half written among them."""
        files = []
        for path in folder.iterdir():
            if not _KEPT_FILE.match(path.name):
                continue
            try:
                status = path.stat()
            except FileNotFoundError:
                # Another process makes room at the same time.
                continue
            files.append((status.st_mtime_ns, status.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self.room_bytes:
                break
            path.unlink(missing_ok=True)
            total -= size


def _signed(name: str, record: bytes) -> bytes:
    """Say in one text all that an entry is: its name and its record, which has its zip's digest."""
    return name.encode() + b"\n" + record


def _series(series: str) -> str:
    """Name a series after the code that compressed, too."""
    return f"{code_digest()} {series}"


def _name(content: str) -> str:
    """Name a build after its content and the code that made it, so that no other code takes it."""
    return hashlib.sha256(f"{code_digest()} {content}".encode()).hexdigest()
