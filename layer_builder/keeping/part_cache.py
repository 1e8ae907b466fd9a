"""Parts of earlier builds, beside these: what a build that differs a little takes from them."""

import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from layer_builder.keeping.cache_key import CacheKey
from layer_builder.keeping.files import replace_file
from layer_builder.keeping.signed_notes import code_digest
from layer_builder.lazy_dataclasses import dataclass

_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class PartCache:
    """Files by what they are about, signed as builds are; both share a folder and its bound."""

    folder: Path | None = None
    """That of the builds. None keeps nothing."""
    key: CacheKey | None = None

    def find(self, about: str) -> Path | None:
        """Find a file, which has its tag in the first line; None unless it is what was kept."""
        if self.folder is None or self.key is None:
            return None
        path = self._path(self.folder, about)
        try:
            with path.open("rb") as file:
                tag = file.readline().strip()
                digest = _digest(file)
        except OSError:
            return None
        if not self.key.has_signed(_signed(about, digest), tag):
            return None
        with suppress(OSError):  # a folder that may only be read serves, too
            os.utime(path)
        return path

    def keep(self, about: str, source: Path) -> None:
        """Keep a copy of a file in the place of what there was. Raises OSError."""
        if self.folder is None or self.key is None:
            return
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with source.open("rb") as file:
            tag = self.key.sign(_signed(about, _digest(file)))
            file.seek(0)

            def write(copy: BinaryIO) -> None:
                copy.write(tag + b"\n")
                shutil.copyfileobj(file, copy, _PIECE_BYTES)

            replace_file(self._path(self.folder, about), write)

    @staticmethod
    def _path(folder: Path, about: str) -> Path:
        name = hashlib.sha256(f"{code_digest()} part {about}".encode()).hexdigest()
        return folder / f"{name}.part"


def _digest(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while piece := file.read(_PIECE_BYTES):
        digest.update(piece)
    return digest.hexdigest()


def _signed(about: str, digest: str) -> bytes:
    """Say in one text what a part is about and what it is; no entry of a build begins so."""
    return f"part\n{len(about)}\n{about}\n{digest}".encode()
