"""Confines itself as a policy says, shows that it holds, and becomes another program.

Run as `python -I -S -c "…launch.main()" ORDERS`: orders are JSON (see `isolation.launcher`). What
it found is written to a descriptor that the other program does not have. It stays as the parent of
what it started, so that all of that ends with it.
"""

import ctypes
import json
import os
import resource
import signal
import sys
from typing import Any

from layer_builder.isolation.programs import canaries, landlock, namespaces, seccomp

_PDEATHSIG, _CHILD_SUBREAPER, _NO_NEW_PRIVS = 1, 36, 38
_CAPABILITY_VERSION_3 = 0x20080522
REFUSED_EXIT = 125
"""What it ends with when something that must hold does not: the other program never began."""


def main() -> None:
    """Confine, and start the program; ends as that does."""
    orders: dict[str, Any] = json.loads(sys.argv[1])
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PDEATHSIG, signal.SIGTERM)
    libc.prctl(_CHILD_SUBREAPER, 1, 0, 0, 0)
    answers = int(orders["answers"])
    entered = namespaces.enter(libc) if orders["namespaces"] else set()
    if orders["ports"] and "network" in entered:
        entered.discard("network")
    child = os.fork()
    if child == 0:
        if "processes" in entered:
            # The first process of a namespace ignores most signals, so it is not the one to become
            # the program: https://man7.org/linux/man-pages/man7/pid_namespaces.7.html
            libc.prctl(_PDEATHSIG, signal.SIGKILL)
            if "mounts" in entered:
                namespaces.mount_own_processes(libc)
                _mount(libc, orders)
            grandchild = os.fork()
            if grandchild:
                _end(answers, os.waitpid(grandchild, 0)[1])
        libc.prctl(_PDEATHSIG, signal.SIGKILL)
        _become(libc, orders, entered)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
    _, status = os.waitpid(child, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _end_children()
    if "processes" in entered:
        os._exit(0)  # told from inside
    _end(answers, status)


def _mount(libc: Any, orders: dict[str, Any]) -> None:
    """Show folders at other paths; all that the policy names stays where it is."""
    if not orders["mounts"]:
        return
    namespaces.mount_at(libc, orders["mounts"], orders["read"], orders["write"])
    orders["read"] += orders["mounts"]
    orders["write"] += [
        place for place, folder in orders["mounts"].items() if folder in orders["write"]
    ]


def _become(libc: Any, orders: dict[str, Any], entered: set[str]) -> None:
    """Give up all but what the orders name, check that, and run the command."""
    answers = int(orders["answers"])
    try:
        kernel = _confine(libc, orders, entered)
        reached = canaries.reached(orders["traps"])
        if orders["ports"]:
            reached["network"] = [name for name in reached["network"] if name != "UDP"]
        verdict = {"reached": reached, **kernel}
        os.write(answers, json.dumps(verdict).encode() + b"\n")
        if any(reached.values()) and orders["required"]:
            os._exit(REFUSED_EXIT)
        os.set_inheritable(answers, False)
        command = orders["command"]
        os.execve(command[0], command, orders["environ"])
    except OSError as error:
        os.write(answers, json.dumps({"failed": str(error)}).encode() + b"\n")
    os._exit(REFUSED_EXIT)


def _confine(libc: Any, orders: dict[str, Any], entered: set[str]) -> dict[str, Any]:
    """Apply every layer that the system has; tells what it has."""
    for name, most in orders["bounds"].items():
        _bound(getattr(resource, name), most)
    libc.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    version = landlock.abi(libc)
    read = [*orders["read"], f"/proc/{os.getpid()}"]
    if version:
        landlock.restrict(
            libc, version, read, orders["write"], orders["ports"], look=orders["look"]
        )
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    libc.capset(header, (ctypes.c_uint32 * 6)())
    machine = seccomp.machine()
    filtered = False
    if machine in seccomp.ARCHITECTURES:
        domains = seccomp.domains(
            has_network_namespace="network" in entered, may_connect=bool(orders["ports"])
        )
        lines = seccomp.program(
            machine,
            os.getpid(),
            domains,
            own_processes="processes" in entered,
            pretend_modes=orders["pretend_modes"],
        )
        seccomp.restrict(libc, lines)
        filtered = True
    return {"landlock": version, "seccomp": filtered, "namespaces": sorted(entered)}


def _bound(what: int, most: int) -> None:
    _, hard = resource.getrlimit(what)
    bounded = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (bounded, bounded))


def _end(answers: int, status: int) -> None:
    """Tell how a process ended, negative for a signal, and end."""
    line = json.dumps({"ended": os.waitstatus_to_exitcode(status)})
    os.write(answers, line.encode() + b"\n")
    os._exit(0)


def _end_children() -> None:
    """End what was started and left behind; as subreaper, this process inherits it."""
    try:
        while True:
            with open("/proc/thread-self/children") as file:
                children = [int(word) for word in file.read().split()]
            if not children:
                return
            for child in children:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
    except OSError:
        return
