"""What a run found out and later runs may go by: short texts, signed like builds and kept beside them."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import layer_builder
from layer_builder.keeping.cache_key import (
    NO_CACHE_VARIABLE,
    CacheKey,
    find_cache_folder,
    refuse_folder,
)
from layer_builder.keeping.files import replace_file
from layer_builder.keeping.job_cache import JobCache
from layer_builder.lazy_dataclasses import dataclass

KEEPS_NOTES = "builds"
"""The value of LAYER_BUILDER_NO_CACHE that leaves out builds alone."""


@dataclass(frozen=True, kw_only=True)
class SignedNotes:
    """One note for each thing that there is one about, each a file of its own.

    Threads and processes may keep and find at once: a note appears when it is whole.
    """

    folder: Path | None = None
    """Its parent is where builds are kept. None keeps nothing."""
    key: CacheKey | None = None

    @classmethod
    def around(cls, environ: Mapping[str, str], name: str) -> "SignedNotes":
        """Choose the folder with a name, for notes of one kind."""
        folder = find_cache_folder(environ)
        if folder is None or environ.get(NO_CACHE_VARIABLE, "") not in {"", KEEPS_NOTES}:
            return cls()
        if not JobCache.around(environ).may_trust:
            return cls()
        return cls(folder=folder / name, key=CacheKey.around(environ, folder))

    def find(self, about: str) -> str:
        """Give the note about something; nothing without one, or where others may have written it."""
        if self.folder is None or self.key is None:
            return ""
        try:
            self._refuse_folders(self.folder)
            tag, _, text = self._path(self.folder, about).read_bytes().partition(b"\n")
        except OSError:
            return ""
        return text.decode() if self.key.has_signed(_signed(about, text), tag) else ""

    def keep(self, about: str, note: str) -> None:
        """Keep a note in the place of what there was about the thing.

        Where that is not possible nothing is kept: then it has to be found out again.
        """
        if self.folder is None or self.key is None:
            return
        with suppress(OSError):
            for folder in (self.folder.parent, self.folder):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._refuse_folders(self.folder)
            text = note.encode()
            content = self.key.sign(_signed(about, text)) + b"\n" + text
            replace_file(self._path(self.folder, about), lambda file: file.write(content))

    @staticmethod
    def _refuse_folders(folder: Path) -> None:
        """Raise OSError for folders that are not there, or that others may write to."""
        refuse_folder(folder.parent)
        refuse_folder(folder)

    @staticmethod
    def _path(folder: Path, about: str) -> Path:
        return folder / hashlib.sha256(about.encode()).hexdigest()


@cache
def code_digest() -> str:
    """Digest of this program: a branch of it has the version of the release it began from."""
    digest = hashlib.sha256()
    for path in sorted(Path(layer_builder.__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _signed(about: str, text: bytes) -> bytes:
    """Say in one text what a note is about and what it says; no entry of a build begins so."""
    return b"\n".join((b"note", str(len(about)).encode(), about.encode(), text))
