"""Namespaces: a network, processes and mounts of one's own, where the system gives them.

https://man7.org/linux/man-pages/man7/namespaces.7.html
"""

import os
from typing import Any

_NEW_MOUNTS, _NEW_IPC, _NEW_USER, _NEW_PROCESSES, _NEW_NETWORK = (
    0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
_RECURSIVE, _PRIVATE = 0x4000, 0x40000


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


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)
