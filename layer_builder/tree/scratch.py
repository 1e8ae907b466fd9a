"""The folder that builds are made in: in memory where there is room, else where the system says."""

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import field
from pathlib import Path

from layer_builder.lazy_dataclasses import dataclass

# A tmpfs where glibc keeps POSIX shared memory: https://man7.org/linux/man-pages/man7/shm_overview.7.html
_MEMORY = Path("/dev/shm")  # noqa: S108 (a folder with a random name is made in it)


_ROOM_BYTES = 4 * 1024 * 1024 * 1024
"""Several of the largest trees that can become a layer, at once."""


@dataclass(frozen=True, kw_only=True)
class Scratch:
    """Makes folders that are gone afterwards."""

    base: Path | None = None
    """Where; None means the system's folder for temporary files."""
    in_use: set[Path] = field(default_factory=set, compare=False, repr=False)
    """The folders that are there now."""

    @classmethod
    def around(cls, environ: Mapping[str, str]) -> "Scratch":
        """Choose where: TMPDIR if that is set; else memory, where files cost a fraction."""
        return cls(base=None if environ.get("TMPDIR") or not _is_roomy(_MEMORY) else _MEMORY)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Give an empty folder for a while.

        It is removed on a thread: reports are written meanwhile, and the process ends after that.
        """
        folder = tempfile.TemporaryDirectory(
            prefix="layer-builder-", dir=self.base, ignore_cleanup_errors=True
        )
        self.in_use.add(Path(folder.name))
        try:
            yield Path(folder.name)
        finally:
            threading.Thread(target=self._remove, args=[folder]).start()

    def _remove(self, folder: tempfile.TemporaryDirectory[str]) -> None:
        folder.cleanup()
        self.in_use.discard(Path(folder.name))

    def discard(self) -> None:
        """Remove all folders, whoever still works in them: for a process that ends now.

        Nobody finds them by their names any more, so that nothing is finished from them either.
        """
        for folder in [*self.in_use]:
            gone = folder.with_name(f"{folder.name}-gone")
            with suppress(OSError):
                folder.rename(gone)
                shutil.rmtree(gone, ignore_errors=True)


def _is_roomy(folder: Path) -> bool:
    """Tell whether a folder in memory is there, takes libraries to load, and has room."""
    try:
        status = os.statvfs(folder)
        memory = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return False
    # A tmpfs may promise more than there is: https://docs.kernel.org/filesystems/tmpfs.html
    free = status.f_bavail * status.f_frsize
    # Containers mount it noexec, and then no native library can be imported from it:
    # https://man7.org/linux/man-pages/man2/statvfs.2.html
    is_loadable = not status.f_flag & os.ST_NOEXEC
    return is_loadable and os.access(folder, os.W_OK) and min(free, memory) >= _ROOM_BYTES
