"""Runs a command where a system gives fewer namespaces, and as another user.

`python surround.py SURROUNDING USER COMMAND…`: `free` gives all that this system does; `user-only`
lets a process enter a user namespace and nothing else, as AppArmor does on Ubuntu 24.04; `none`
refuses every namespace, as Docker's default profile does; `no-landlock` has a kernel without it.
"""

import ctypes
import errno
import os
import sys

from layer_builder.isolation.programs import seccomp

ALLOW, REFUSE = (0x06, 0, 0, 0x7FFF0000), (0x06, 0, 0, 0x00050000 | errno.EPERM)
NO_SUCH_CALL = (0x06, 0, 0, 0x00050000 | errno.ENOSYS)
LOAD, EQUAL, BITS = 0x20, 0x15, 0x45
FLAGS, NEW_USER, NEW_ANY = 16, 0x10000000, 0x7E020080


def filter_of(surrounding: str) -> list[seccomp.Instruction]:
    column = list(seccomp.ARCHITECTURES).index(seccomp.machine())
    unshare, clone, clone3 = (272, 97)[column], (56, 220)[column], 435
    if surrounding == "no-landlock":
        return [(LOAD, 0, 0, 0), (0x35, 0, 2, 444), (0x25, 1, 0, 446), NO_SUCH_CALL, ALLOW]
    allowed = NEW_USER if surrounding == "user-only" else 0
    return [
        (LOAD, 0, 0, 0),
        (EQUAL, 0, 4, unshare),
        (LOAD, 0, 0, FLAGS),
        (EQUAL, 1, 0, allowed),
        REFUSE,
        ALLOW,
        (EQUAL, 0, 4, clone),
        (LOAD, 0, 0, FLAGS),
        (BITS, 0, 1, NEW_ANY),
        REFUSE,
        ALLOW,
        (EQUAL, 0, 1, clone3),
        NO_SUCH_CALL,
        ALLOW,
    ]


def main() -> None:
    surrounding, user, *command = sys.argv[1:]
    if user != str(os.getuid()):
        os.setgroups([])
        os.setgid(int(user))
        os.setuid(int(user))
    if surrounding != "free":
        libc = ctypes.CDLL(None, use_errno=True)
        libc.prctl(38, 1, 0, 0, 0)
        seccomp.restrict(libc, filter_of(surrounding))
    os.execv(command[0], command)


main()
