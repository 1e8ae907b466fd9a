"""The system's own files that a program reads, less shared libraries that it is not to find.

Landlock allows what lies below a folder, and takes nothing of that back. So the folders that hold
libraries are named entry by entry.
"""

import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from layer_builder.isolation.policy import SYSTEM

_USUAL = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib")
_SECONDS = 10
# The name service's modules are chosen by a machine's settings:
# https://man7.org/linux/man-pages/man5/nsswitch.conf.5.html
_NAME_SERVICE = "libnss_"
_FOR_LINKERS = (".a", ".la", ".o")
_ABSENT = "cannot open shared object file: No such file or directory"
_DENIED = "cannot open shared object file: Permission denied"


@cache
def system_files(libraries: frozenset[str]) -> tuple[str, ...]:
    """List the files and folders of the system, with these of its libraries, by file name.

    What a link leads to is named where it lies, as Landlock sees it.
    """
    roots = dict.fromkeys(Path(name).resolve() for name in SYSTEM)
    folders = _library_folders()
    return tuple(dict.fromkeys(str(path) for root in roots for path in _below(root, libraries, folders)))  # fmt: skip


def _below(path: Path, libraries: frozenset[str], folders: frozenset[Path]) -> Iterator[Path]:
    if not any(folder.is_relative_to(path) for folder in folders):
        yield path
        return
    try:
        entries = sorted(path.iterdir())
    except OSError:
        return
    for entry in entries:
        is_library = ".so" in entry.name and path in folders and entry.is_file()
        if is_library:
            if entry.name in libraries or entry.name.startswith(_NAME_SERVICE):
                yield entry.resolve()
        elif not (entry.is_symlink() or entry.name.endswith(_FOR_LINKERS)):
            yield from _below(entry, libraries, folders)


def _library_folders() -> frozenset[Path]:
    """List where the loader looks (https://man7.org/linux/man-pages/man8/ldconfig.8.html)."""
    try:
        listed = subprocess.run(
            ["/sbin/ldconfig", "-p"],
            env={"LANG": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        ).stdout.splitlines()
    except (OSError, subprocess.SubprocessError):
        listed = []
    named = {Path(line.rpartition("=> ")[2]).parent for line in listed if "=> /" in line}
    several = {folder for usual in _USUAL for folder in Path(usual).glob("*-linux-gnu")}
    every = (folder.resolve() for folder in {*named, *several, *map(Path, _USUAL)})
    return frozenset(folder for folder in every if folder.is_dir())


def as_if_absent(error: str) -> str:
    """Give the loader's words for a library that is not there, where it was kept from one.

    >>> as_if_absent("libpq.so.5: cannot open shared object file: Permission denied")
    'libpq.so.5: cannot open shared object file: No such file or directory'
    """
    return error.replace(_DENIED, _ABSENT)
