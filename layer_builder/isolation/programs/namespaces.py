"""Namespaces: a network, processes and mounts of one's own, where the system gives them.

https://man7.org/linux/man-pages/man7/namespaces.7.html
"""

import ctypes
import os
from typing import Any

_NEW_MOUNTS, _NEW_IPC, _NEW_USER, _NEW_PROCESSES, _NEW_NETWORK = (
    0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
_BIND, _RECURSIVE, _PRIVATE = 0x1000, 0x4000, 0x40000
_MOUNT_SETATTR = 442  # the same on all architectures
_HERE, _AND_BELOW, _READ_ONLY = -100, 0x8000, 0x1


def enter(libc: Any) -> set[str]:
    """Leave the caller's namespaces, as far as the system lets this user; says which were left."""
    uid, gid = os.getuid(), os.getgid()
    if uid != 0 and libc.unshare(_NEW_USER) == 0:
        try:
            _write("/proc/self/setgroups", "deny")
            _write("/proc/self/uid_map", f"{uid} {uid} 1")
            _write("/proc/self/gid_map", f"{gid} {gid} 1")
        except OSError:
            # AppArmor gives a namespace without rights (Ubuntu 24.04): Landlock needs none.
            return set()
    kinds = {
        "network": _NEW_NETWORK, "processes": _NEW_PROCESSES, "mounts": _NEW_MOUNTS, "ipc": _NEW_IPC,
    }  # fmt: skip
    return {name for name, flag in kinds.items() if libc.unshare(flag) == 0}


def mount_own_processes(libc: Any) -> None:
    """Show no process of others under /proc; where that fails, Landlock still shuts them off."""
    libc.mount(None, b"/", None, _RECURSIVE | _PRIVATE, None)
    libc.mount(b"proc", b"/proc", b"proc", 0, None)


def mount_at(libc: Any, mounts: dict[str, str], read: list[str], write: list[str]) -> None:
    """Show each folder at a path of its own, such as /opt or /var/task. Raises OSError.

    What lay there before is hidden, but for the paths that may be read or written to. A path that the
    system does not have, such as /var/task, is made in an empty folder that takes the place of its
    parent's contents. What may only be read is mounted so: to Landlock all that lies below /tmp is
    /tmp's, and that may be written to.
    """
    named = [*read, *write]
    covers = {place: _cover(place) for place in mounts}
    hidden = [path for path in named if any(_is_below(path, cover) for cover in covers.values())]
    sources = {path: _handle(path) for path in {*hidden, *mounts.values()} if os.path.exists(path)}
    for cover in sorted({cover for place, cover in covers.items() if cover != place}):
        _check(libc.mount(b"none", cover.encode(), b"tmpfs", 0, b"mode=755"), cover)
    for place, folder in mounts.items():
        os.makedirs(place, exist_ok=True)
        _bind(libc, sources[folder], place)
    for path in sorted(hidden):
        if path not in sources:
            continue
        if not os.path.exists(path):
            if os.path.isdir(f"/proc/self/fd/{sources[path]}"):
                os.makedirs(path)
            else:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                _write(path, "")
            _bind(libc, sources[path], path)
            if path not in write:
                _protect(libc, path)
        elif path in write:
            _bind(libc, sources[path], path)  # what it lies below may only be read
    for handle in sources.values():
        os.close(handle)


def _cover(place: str) -> str:
    """Name the folder that hides what it had: the place, or the nearest above that the system has."""
    return place if os.path.isdir(place) else os.path.join("/", place.split("/")[1])


def _is_below(path: str, folder: str) -> bool:
    return os.path.join(os.path.abspath(path), "").startswith(os.path.join(folder, ""))


def _handle(path: str) -> int:
    return os.open(path, os.O_PATH | os.O_CLOEXEC)


def _bind(libc: Any, handle: int, place: str) -> None:
    source = f"/proc/self/fd/{handle}".encode()
    _check(libc.mount(source, place.encode(), None, _BIND | _RECURSIVE, None), place)


def _protect(libc: Any, place: str) -> None:
    """Let a mount be read only, by https://man7.org/linux/man-pages/man2/mount_setattr.2.html."""
    attributes = (ctypes.c_uint64 * 4)(_READ_ONLY)
    size = ctypes.c_size_t(ctypes.sizeof(attributes))
    where = (ctypes.c_int(_HERE), place.encode(), _AND_BELOW)
    _check(libc.syscall(_MOUNT_SETATTR, *where, ctypes.byref(attributes), size), place)


def _check(result: int, place: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), "mount", place)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
