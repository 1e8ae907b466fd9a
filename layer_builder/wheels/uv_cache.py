"""uv's cache: where it lies, and whether others can have put anything into it."""

import os
import shutil
import stat
import tempfile
import threading
import weakref
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from layer_builder.lazy_dataclasses import dataclass

_WITHOUT_WHEELS = frozenset(
    {"CACHEDIR.TAG", ".gitignore", ".lock", "interpreter-v5", "simple-v28", "sdists-v11"}
)
"""What holds nothing that is installed from wheels, in the cache of the uv that we have: of another
uv's, that nothing else is there is not known. Interpreters, pages of indexes, what came of sdists."""


WHEELS = "wheels-v8"
"""Has what resolving reads of wheels, and for each that was unpacked a file and a link that say where."""


_METADATA = (".msgpack", ".lock")
"""Ends of the former."""


_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


@dataclass(kw_only=True, eq=False)
class UvCache:
    """The cache that uv is to use, and one that nobody but this process has ever used."""

    folder: Path | None = None
    """None lets uv choose."""
    was_empty: bool = False
    """Whether it held no wheels when this was made, which is before uv is first called."""
    _own: Path | None = field(default=None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @classmethod
    def around(cls, environ: Mapping[str, str]) -> "UvCache":
        """Find uv's cache (https://docs.astral.sh/uv/concepts/cache/#cache-directory)."""
        home, caches = environ.get("HOME"), environ.get("XDG_CACHE_HOME", "")
        folder = Path(home, ".cache", "uv") if home and Path(home).is_absolute() else None
        if Path(caches).is_absolute():
            folder = Path(caches, "uv")
        if named := environ.get("UV_CACHE_DIR"):
            folder = Path(named).absolute()
        return cls(folder=folder, was_empty=folder is not None and not _has_wheels(folder))

    @property
    def is_own(self) -> bool:
        """Whether all that it holds was put there by this user since this was made.

        Empty to begin with, and not to be written to by others.
        """
        if not (self.was_empty and self.folder):
            return False
        try:
            return all(map(_is_ours, (self.folder, *filter(Path.is_dir, self.folder.iterdir()))))
        except OSError:
            return False

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where what is installed may come from."""
        return tuple(folder for folder in (self._own, self.folder) if folder)

    def fresh(self) -> Path:
        """Give the folder of a cache that this process alone uses, empty when it first does."""
        with self._lock:
            if self._own is None:
                self._own = Path(tempfile.mkdtemp(prefix="layer-builder-uv-"))
                weakref.finalize(self, shutil.rmtree, self._own, ignore_errors=True)
        return self._own


def _has_wheels(folder: Path) -> bool:
    try:
        names = {path.name for path in folder.iterdir()} - _WITHOUT_WHEELS
        if names != {WHEELS}:
            return bool(names)
        return not all(map(_is_metadata, (folder / WHEELS).rglob("*")))
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _is_metadata(path: Path) -> bool:
    if path.is_symlink():
        return False
    if path.is_dir():
        return _is_ours(path)
    return path.is_file() and path.name.endswith(_METADATA)


def _is_ours(folder: Path) -> bool:
    status = folder.stat()
    return status.st_uid == os.geteuid() and not status.st_mode & _OTHERS_MAY_WRITE
