"""seccomp: the system calls that a process loses, for it and all that it starts.

The filter is classic BPF (https://docs.kernel.org/userspace-api/seccomp_filter.html). Numbers are
those of the kernel's tables: arch/x86/entry/syscalls/syscall_64.tbl, and scripts/syscall.tbl for
aarch64. What is refused fails with EPERM, so that programs which can do without go on.
"""

import ctypes
import errno
import platform
import socket
import struct
from typing import Any

_SET_SECCOMP, _FILTER_MODE = 22, 2
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_LOAD, _EQUAL, _AT_LEAST, _BITS, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_X32 = 0x40000000

ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""AUDIT_ARCH_* of include/uapi/linux/audit.h."""

REFUSED = {
    # Other processes.
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "pidfd_open": (434, 434), "pidfd_getfd": (438, 438), "pidfd_send_signal": (424, 424),
    "kcmp": (312, 272), "process_madvise": (440, 440), "process_mrelease": (448, 448),
    "move_pages": (279, 239), "migrate_pages": (256, 238),
    # Keys, which sessions share.
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # Namespaces and mounts: a new one gives rights back.
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39),
    "pivot_root": (155, 41), "chroot": (161, 51), "open_tree": (428, 428), "move_mount": (429, 429),
    "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432), "fspick": (433, 433),
    "mount_setattr": (442, 442), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    # Ways around this filter, and into the kernel.
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "fanotify_init": (300, 262),
    # The machine.
    "swapon": (167, 224), "swapoff": (168, 225), "reboot": (169, 142), "acct": (163, 89),
    "quotactl": (179, 60), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "sethostname": (170, 161), "setdomainname": (171, 162), "syslog": (103, 116),
    "personality": (135, 92), "vhangup": (153, 58),
}  # fmt: skip

ON_MODES = {
    # Landlock has no right for these: they reach every file that the user owns.
    "chmod": (90, None), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "chown": (92, None), "lchown": (94, None), "fchown": (93, 55), "fchownat": (260, 54),
    "utime": (132, None), "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7), "setxattrat": (463, 463),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "removexattrat": (466, 466),
}  # fmt: skip
"""Calls that change who may do what with a file, and its dates."""
_OPEN, _OPENAT, _OPENAT2, _TRUNCATE = (2, None), (257, 56), (437, 437), (76, 45)
_EMPTYING, _ACCESS = 0x200, 0x3
"""O_TRUNC and O_ACCMODE: a file that is opened for reading can be emptied, and before 6.2 Landlock
does not know of it: https://docs.kernel.org/userspace-api/landlock.html#file-truncation-abi-3"""

_CLONE, _CLONE3, _SOCKET, _IOCTL = (56, 220), (435, 435), (41, 198), (16, 29)
_NEW_NAMESPACES = 0x7E020080
"""CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET."""
_TERMINAL_INPUT, _SET_OWNER, _SET_GROUP = 0x5412, 0x8901, 0x8902

TO_PROCESSES = {
    "kill": (62, 129, 0), "tkill": (200, 130, 0), "tgkill": (234, 131, 0),
    "rt_sigqueueinfo": (129, 138, 0), "rt_tgsigqueueinfo": (297, 240, 0),
    "prlimit64": (302, 261, 0), "sched_setaffinity": (203, 122, 0),
    "sched_setscheduler": (144, 119, 0), "sched_setparam": (142, 118, 0),
    "sched_setattr": (314, 274, 0), "setpriority": (141, 140, 1), "ioprio_set": (251, 30, 1),
}  # fmt: skip
"""Calls that do something to a process, and which argument says to whom: 0 is the caller itself."""
_FCNTL, _OWNERS = (72, 25), (8, 15)
"""fcntl, and F_SETOWN and F_SETOWN_EX: whom to send SIGIO."""

Instruction = tuple[int, int, int, int]


def program(
    machine: str, me: int, domains: list[int], *, own_processes: bool, pretend_modes: bool
) -> list[Instruction]:
    """Write the filter.

    Args:
        machine: as uname(2) names it.
        me: the process, which may do to itself what it likes.
        domains: socket domains that it may open.
        own_processes: whether those it can name are all its own, as in a namespace.
        pretend_modes: whether changing modes, owners and dates does nothing, instead of failing.
    """
    column = list(ARCHITECTURES).index(machine)
    lines: list[Instruction] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, ARCHITECTURES[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
    ]
    for numbers in REFUSED.values():
        lines += _when(numbers[column], [_refuse()])
    for on_modes in ON_MODES.values():
        lines += _when(on_modes[column], [_refuse(0 if pretend_modes else errno.EPERM)])
    lines += _when(_OPENAT2[column], [_refuse(errno.ENOSYS)])
    lines += _when(_OPEN[column], _not_emptying(1))
    lines += _when(_OPENAT[column], _not_emptying(2))
    # glibc falls back to clone(2), whose flags a filter can read.
    lines += _when(_CLONE3[column], [_refuse(errno.ENOSYS)])
    lines += _when(
        _CLONE[column],
        [_argument(0), (_BITS, 0, 1, _NEW_NAMESPACES), _refuse(), (_RETURN, 0, 0, _ALLOW)],
    )
    lines += _when(_SOCKET[column], _only(0, domains))
    lines += _when(_IOCTL[column], _but(1, [_TERMINAL_INPUT, _SET_OWNER, _SET_GROUP]))
    if not own_processes:
        for to_process in TO_PROCESSES.values():
            lines += _when(to_process[column], _only(to_process[2], [0, me]))
        lines += _when(_FCNTL[column], _but(1, list(_OWNERS)))
    return [*lines, (_RETURN, 0, 0, _ALLOW)]


def domains(*, has_network_namespace: bool, may_connect: bool) -> list[int]:
    """Say which sockets may be opened: none reach out unless they may."""
    if has_network_namespace or may_connect:
        return [socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK]
    return []


def restrict(libc: Any, lines: list[Instruction]) -> None:
    """Apply a filter to this process. Raises OSError. It must have no_new_privs."""
    content = b"".join(struct.pack("=HBBI", *line) for line in lines)
    instructions = ctypes.create_string_buffer(content, len(content))
    header = struct.pack("@HP", len(lines), ctypes.addressof(instructions))
    block = ctypes.create_string_buffer(header, len(header))
    if libc.prctl(_SET_SECCOMP, _FILTER_MODE, block, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_SECCOMP)")


def machine() -> str:
    """Name this machine's architecture."""
    return platform.machine()


def _when(number: int | None, body: list[Instruction]) -> list[Instruction]:
    """Run a body, which must end in returning, for one system call, where there is such a call."""
    if number is None:
        return []
    return [(_EQUAL, 0, len(body), number), *body]


def _refuse(number: int = errno.EPERM) -> Instruction:
    return (_RETURN, 0, 0, _ERRNO | number)


def _argument(index: int) -> Instruction:
    """Load the low half of an argument: the kernel reads these as 32 bits, too."""
    return (_LOAD, 0, 0, _ARGUMENTS + 8 * index)


def _not_emptying(index: int) -> list[Instruction]:
    """Refuse to open a file for reading and empty it."""
    return [
        _argument(index),
        (_BITS, 0, 2, _EMPTYING),
        (_AND, 0, 0, _ACCESS),
        (_EQUAL, 1, 0, 0),
        (_RETURN, 0, 0, _ALLOW),
        _refuse(),
    ]


def _only(index: int, values: list[int]) -> list[Instruction]:
    """Allow the call for these values of an argument."""
    matches = [(_EQUAL, len(values) - at, 0, value) for at, value in enumerate(values)]
    return [_argument(index), *matches, _refuse(), (_RETURN, 0, 0, _ALLOW)]


def _but(index: int, values: list[int]) -> list[Instruction]:
    """Refuse the call for these values of an argument."""
    matches = [(_EQUAL, len(values) - at, 0, value) for at, value in enumerate(values)]
    return [_argument(index), *matches, (_RETURN, 0, 0, _ALLOW), _refuse()]
