"""Landlock: what a process may read, write and connect to, for it and all that it starts.

System calls and structures: https://docs.kernel.org/userspace-api/landlock.html. Nothing here is a
binding of somebody else's: those on the index are early versions, and this runs without any.
"""

import ctypes
import os
from typing import Any

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same on all architectures
_VERSION = 1
_PATH_BENEATH, _NET_PORT = 1, 2

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_MAKE_DEVICES = 1 << 6 | 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_CONNECT = 1 << 1
_NETWORK = 1 << 0 | _CONNECT
_ABSTRACT_SOCKETS, _SIGNALS = 1 << 0, 1 << 1

READING = EXECUTE | READ_FILE | READ_DIR
ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE | _IOCTL_DEV
"""The rights that a rule for a single file may name."""

NETWORK_ABI, SCOPE_ABI = 4, 6
"""The first versions that know of TCP, and of signals and abstract sockets."""


class _Ruleset(ctypes.Structure):
    _fields_ = [
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    ]


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32)]


class _NetPort(ctypes.Structure):
    _fields_ = [("allowed_access", ctypes.c_uint64), ("port", ctypes.c_uint64)]


def abi(libc: Any) -> int:
    """Give the version of Landlock that the kernel has; 0 where it has none, or it is switched off."""
    version: int = libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    return max(0, version)


def rights(version: int) -> int:
    """Give all rights on files that a version knows."""
    known = {1: 13, 2: 14, 3: 15, 4: 15}.get(version, 16)
    return (1 << known) - 1


def restrict(  # noqa: PLR0913, PLR0917 (what there is to restrict)
    libc: Any, version: int, read: list[str], write: list[str], ports: list[int], look: list[str]
) -> None:
    """Leave this process nothing but these files, folders and TCP ports. Raises OSError.

    What may be read may be started, but for what is below `look` alone. Paths that are not there are passed over. Signals and abstract sockets of processes outside are
    shut off where the version knows of them.
    """
    handled = rights(version)
    ruleset = _Ruleset(
        handled_access_fs=handled,
        handled_access_net=_NETWORK if version >= NETWORK_ABI else 0,
        scoped=_ABSTRACT_SOCKETS | _SIGNALS if version >= SCOPE_ABI else 0,
    )
    # An older kernel refuses a structure with members that it does not know, unless they are 0.
    size = ctypes.c_size_t(ctypes.sizeof(ruleset))
    ruler = libc.syscall(CREATE_RULESET, ctypes.byref(ruleset), size, 0)
    if ruler < 0:
        raise OSError(ctypes.get_errno(), "landlock_create_ruleset")
    try:
        for path in read:
            _allow(libc, ruler, path, READING & handled)
        for path in look:
            _allow(libc, ruler, path, (READ_FILE | READ_DIR) & handled)
        for path in write:
            _allow(libc, ruler, path, handled & ~_MAKE_DEVICES)
        for port in ports if version >= NETWORK_ABI else ():
            rule = _NetPort(allowed_access=_CONNECT, port=port)
            _check(libc.syscall(ADD_RULE, ruler, _NET_PORT, ctypes.byref(rule), 0))
        _check(libc.syscall(RESTRICT_SELF, ruler, 0))
    finally:
        os.close(ruler)


def _allow(libc: Any, ruler: int, path: str, access: int) -> None:
    try:
        where = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not os.path.isdir(path):
            access &= ON_FILES
        rule = _PathBeneath(allowed_access=access, parent_fd=where)
        _check(libc.syscall(ADD_RULE, ruler, _PATH_BENEATH, ctypes.byref(rule), 0))
    finally:
        os.close(where)


def _check(result: int) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
