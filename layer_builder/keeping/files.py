"""Files that appear under their name only when they are whole."""

import errno
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, TypeVar

_Result = TypeVar("_Result")

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


_MODE = 0o644


def replace_file(path: Path, write: Callable[[BinaryIO], _Result]) -> _Result:
    """Have `write` fill a new file, and put it in the place of what has the path.

    Whoever opens the path reads the old file or the new one, never a part, whether threads,
    processes or runs write it at once. A link at the path is replaced, not followed. Where `write`
    or the disk fails, all is as before. Gives what `write` gives. Raises OSError, and what `write`
    raises.
    """
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
    # Others may write into the folder: a name that nobody can guess, and O_EXCL, which fails on
    # whatever is there, a link too: https://man7.org/linux/man-pages/man2/open.2.html
    descriptor = os.open(partial, _FLAGS, _MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            result = write(file)
        # Atomic, since both names are in one folder and so on one file system:
        # https://man7.org/linux/man-pages/man2/rename.2.html
        partial.replace(path)
        return result
    finally:
        partial.unlink(missing_ok=True)


def copy_file(source: Path, destination: Path) -> None:
    """Copy a file's bytes to a path, where they appear at once. Raises OSError."""
    with source.open("rb") as file:
        replace_file(destination, lambda copy: shutil.copyfileobj(file, copy))


def move_file(source: Path, destination: Path) -> None:
    """Move a file to a path, where it appears at once, from whichever file system. Raises OSError."""
    try:
        source.replace(destination)
    except OSError as error:
        # A build in memory (/dev/shm) and the output directory are on two file systems.
        if error.errno != errno.EXDEV:
            raise
        copy_file(source, destination)
        source.unlink()
