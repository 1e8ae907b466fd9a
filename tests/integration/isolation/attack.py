"""What hostile code would try, from inside: prints as JSON what it reached. Not ours to trust.

`python attack.py ORDERS`: JSON that says where the victims are. It must run on Python 3.10 alone.
"""

import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys

LIBC = ctypes.CDLL(None, use_errno=True)
SYSCALLS = {
    "x86_64": {"ptrace": 101, "process_vm_readv": 310, "keyctl": 250, "unshare": 272, "mount": 165,
               "bpf": 321, "io_uring_setup": 425, "pidfd_open": 434, "chroot": 161, "setns": 308,
               "userfaultfd": 323, "perf_event_open": 298, "clone3": 435, "setxattr": 188},
    "aarch64": {"ptrace": 117, "process_vm_readv": 270, "keyctl": 219, "unshare": 97, "mount": 40,
                "bpf": 280, "io_uring_setup": 425, "pidfd_open": 434, "chroot": 51, "setns": 268,
                "userfaultfd": 282, "perf_event_open": 241, "clone3": 435, "setxattr": 5},
}[os.uname().machine]  # fmt: skip


def call(name, *arguments):
    if LIBC.syscall(SYSCALLS[name], *arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def read(path):
    with open(path, "rb") as file:
        return file.read(4096)


def append(path):
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK)
    os.write(descriptor, b"INJECTED=1\n")


def make(path):
    with open(path, "x"):
        pass


def connect(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as client:
        client.settimeout(1)
        client.connect(address)
        client.send(b"x")


def own_signal(pid):
    """Have the kernel send SIGIO to somebody when a pipe can be read."""
    read_end, write_end = os.pipe()
    fcntl.fcntl(read_end, fcntl.F_SETOWN, pid)
    fcntl.fcntl(read_end, fcntl.F_SETFL, os.O_ASYNC)
    os.write(write_end, b"x")
    if fcntl.fcntl(read_end, fcntl.F_GETOWN) != pid:
        raise OSError("not taken")


def peek(pid):
    buffer = ctypes.create_string_buffer(8)
    local = (ctypes.c_size_t * 2)(ctypes.addressof(buffer), 8)
    remote = (ctypes.c_size_t * 2)(id(LIBC), 8)
    call("process_vm_readv", pid, local, 1, remote, 1, 0)


def attempts(told):
    victim, folder = told["pid"], told["folder"]
    file, beside = told["file"], os.path.join(told["folder"], "made")
    yield "the environment of the caller", lambda: read("/proc/%d/environ" % victim)
    yield "the memory of the caller", lambda: read("/proc/%d/maps" % victim)
    yield "the output of the caller", lambda: append("/proc/%d/fd/1" % victim)
    yield "the command line of the caller", lambda: read("/proc/%d/cmdline" % victim)
    yield "the list of processes", lambda: [n for n in os.listdir("/proc") if n.isdigit()][20:][0]
    yield "reading a file", lambda: read(file)
    yield "listing a folder", lambda: os.listdir(folder)
    yield "the home folder", lambda: os.listdir(told["home"])
    yield "a command file", lambda: append(told["command_file"])
    yield "a FIFO", lambda: append(told["fifo"])
    yield "making a file", lambda: make(beside)
    yield "removing a file", lambda: os.unlink(told["removable"])
    yield "renaming a file", lambda: os.rename(told["movable"], beside + "2")
    yield "linking a file", lambda: os.link(file, os.path.join(os.getcwd(), "linked"))
    yield "emptying a file", lambda: os.open(file, os.O_RDONLY | os.O_TRUNC)
    yield "truncating a file", lambda: os.truncate(file, 1)
    yield "the mode of a file", lambda: os.chmod(file, 0o777)
    yield "the dates of a file", lambda: os.utime(file, (1, 1))
    yield "an attribute of a file", lambda: call("setxattr", file.encode(), b"user.a", b"b", 1, 0)
    yield "a folder of a cache", lambda: make(os.path.join(told["cache"], "poison"))
    yield "the interpreter", lambda: make(os.path.join(told["prefix"] or sys.prefix, "poison"))
    yield "shared memory", lambda: make("/dev/shm/attack-%d" % victim)
    yield "TCP", lambda: connect(socket.AF_INET, ("127.0.0.1", told["port"]))
    yield "TCP over IPv6", lambda: connect(socket.AF_INET6, ("::1", told["port6"]))
    yield "UDP", lambda: connect(socket.AF_INET, ("127.0.0.1", told["port"]), socket.SOCK_DGRAM)
    yield "a socket in a folder", lambda: connect(socket.AF_UNIX, told["socket"])
    yield "an abstract socket", lambda: connect(socket.AF_UNIX, "\0" + told["abstract"])
    yield "the hypervisor", lambda: socket.socket(40, socket.SOCK_STREAM)
    yield "a raw socket", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    yield "a signal", lambda: os.kill(victim, signal.SIGCONT)
    yield "a signal by a descriptor", lambda: own_signal(victim)
    yield "a signal to all", lambda: os.kill(-1, signal.SIGCONT)
    yield "the limits of the caller", lambda: resource.prlimit(victim, resource.RLIMIT_CORE, (0, 0))
    yield "the processors of the caller", lambda: os.sched_setaffinity(victim, {0})
    yield "the priority of the caller", lambda: os.setpriority(os.PRIO_PROCESS, victim, 19)
    yield "ptrace", lambda: call("ptrace", 0x4206, victim, 0, 0)
    yield "process_vm_readv", lambda: peek(victim)
    yield "pidfd_open", lambda: call("pidfd_open", victim, 0)
    yield "keyctl", lambda: call("keyctl", 0, -3, 1)
    yield "unshare", lambda: call("unshare", 0x10000000)
    yield "mount", lambda: call("mount", b"none", b"/", b"tmpfs", 0, None)
    yield "chroot", lambda: call("chroot", b"/")
    yield "bpf", lambda: call("bpf", 0, struct.pack("=IIII", 2, 4, 4, 1), 16)
    yield "io_uring", lambda: call("io_uring_setup", 1, ctypes.create_string_buffer(120))
    yield "userfaultfd", lambda: call("userfaultfd", 0)
    yield (
        "perf_event_open",
        lambda: call("perf_event_open", ctypes.create_string_buffer(128), 0, -1, -1, 0),
    )
    yield "descriptors of the caller", lambda: [os.fstat(n) for n in range(4, 64)]
    yield "the caller's variables", lambda: {"CANARY": os.environ["CANARY"]}
    yield "capabilities", lambda: os.setgid(12345)


def main():
    told = json.loads(sys.argv[1])
    reached = []
    for name, attempt in attempts(told):
        if name in told["leave_out"]:
            continue
        try:
            attempt()
        except (OSError, KeyError, IndexError, OverflowError):
            continue
        reached.append(name)
    print(json.dumps(reached))
    if told["prefix"]:
        os.unlink("/dev/shm/attack-%d" % told["pid"])


main()
