"""Shuts a process off from network, files and other processes; the first part of the prover's text.

What is isolated depends on what the system allows, and is said first.
"""

import ctypes
import os
import resource
import sys
from typing import Any

# From <linux/sched.h>, <linux/mount.h>, <linux/prctl.h> and <linux/capability.h>:
# https://github.com/torvalds/linux/tree/master/include/uapi/linux
CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x20000, 0x10000000, 0x20000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
# Number 442 on all architectures; kernels older than 5.12 do not have it, and few C libraries wrap
# it: https://man7.org/linux/man-pages/man2/mount_setattr.2.html
SYS_MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = 442, -100, 0x8000, 0x1
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER, PR_SET_NO_NEW_PRIVS = 1, 36, 38
CAPABILITY_VERSION_3 = 0x20080522


class MountAttributes(ctypes.Structure):
    """`struct mount_attr` of mount_setattr(2)."""

    _fields_ = [
        ("set", ctypes.c_uint64),
        ("clear", ctypes.c_uint64),
        ("propagation", ctypes.c_uint64),
        ("user_namespace", ctypes.c_uint64),
    ]


def close_files(libc: Any, writable: list[str], hidden: list[str]) -> bool:
    """Make all files read-only for this process and its children, but some folders; hide others."""
    # Mounts are shared with the rest of the system until told otherwise:
    # https://man7.org/linux/man-pages/man7/mount_namespaces.7.html
    libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None)
    for path in hidden:
        where = os.path.realpath(path).encode()
        if os.path.isdir(where):
            libc.mount(b"tmpfs", where, b"tmpfs", 0, b"size=4k")
        else:
            libc.mount(b"/dev/null", where, None, MS_BIND, None)
    for folder in writable:
        if libc.mount(folder.encode(), folder.encode(), None, MS_BIND, None) != 0:
            return False
    locked, opened = (
        MountAttributes(set=MOUNT_ATTR_RDONLY),
        MountAttributes(clear=MOUNT_ATTR_RDONLY),
    )

    def change(folder: str, flags: int, attributes: MountAttributes) -> bool:
        size = ctypes.sizeof(attributes)
        words = (AT_FDCWD, folder.encode(), flags, ctypes.byref(attributes), size)
        return bool(libc.syscall(SYS_MOUNT_SETATTR, *words) == 0)

    return change("/", AT_RECURSIVE, locked) and all(change(f, 0, opened) for f in writable)


def isolate(writable: list[str], hidden: list[str]) -> list[str]:
    """Leave the network, the other processes and all writable files, where the system allows it."""
    libc = ctypes.CDLL(None, use_errno=True)
    done: list[str] = []
    if sys.platform != "linux":
        return done
    uid, gid = os.getuid(), os.getgid()
    if uid != 0 and libc.unshare(CLONE_NEWUSER) == 0:
        # Without privileges gid_map takes a line only once setgroups is denied:
        # https://man7.org/linux/man-pages/man7/user_namespaces.7.html
        try:
            write("/proc/self/setgroups", "deny")
            write("/proc/self/uid_map", "%d %d 1" % (uid, uid))
            write("/proc/self/gid_map", "%d %d 1" % (gid, gid))
        except OSError:
            pass
    if libc.unshare(CLONE_NEWNET) == 0:
        done.append("network")
    if libc.unshare(CLONE_NEWNS) == 0 and close_files(libc, writable, hidden):
        done.append("files")
    # Counts for the children that this process makes from here on, not for itself:
    # https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
    if libc.unshare(CLONE_NEWPID) == 0:
        done.append("processes")
    return done


def drop_capabilities(libc: Any) -> None:
    """Give up what would let an import undo the isolation."""
    # Set-user-ID programs would give capabilities back:
    # https://docs.kernel.org/userspace-api/no_new_privs.html
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    libc.capset(header, (ctypes.c_uint32 * 6)())


def write(path: str, text: str) -> None:
    """Write a kernel file."""
    with open(path, "w") as file:
        file.write(text)


def bound(memory: int) -> None:
    """Bound memory, core files and the size of what may be written."""
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 64 * 1024 * 1024),
    ):
        _, hard = resource.getrlimit(what)
        bounded = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bounded, bounded))
