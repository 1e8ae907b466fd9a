"""Canaries: tries, from inside, all that isolation is to keep a process from.

Each is a thing of the caller's that lies there to be reached: the environment of its process, a file
beside those that were named, sockets that it listens at, the process itself.
"""

import os
import socket
from collections.abc import Callable
from typing import Any

RIGHTS = ("files", "network", "processes")
"""What a process may be kept from: files that were not named; the network and the sockets of other
programs; the environment, memory and signals of other processes."""


def reached(traps: dict[str, Any]) -> dict[str, list[str]]:
    """Name for each right what could be reached; nothing, where it holds.

    `traps` has the caller's process id, a file and its folder, and where the caller listens: a TCP
    port, a socket's path, an abstract name.
    """
    caller, file = int(traps["process"]), str(traps["file"])
    tries: dict[str, dict[str, Callable[[], object]]] = {
        "files": {
            "reading a file": lambda: _read(file),
            "listing a folder": lambda: os.listdir(os.path.dirname(file)),
            "writing to a file": lambda: _append(file),
            "emptying a file": lambda: os.close(os.open(file, os.O_RDONLY | os.O_TRUNC)),
            "changing a file's mode": lambda: _change_mode(file),
            "making a file": lambda: _append(f"{file}.made"),
            "removing a file": lambda: os.unlink(file),
        },
        "network": {
            "TCP": lambda: _connect(socket.AF_INET, ("127.0.0.1", int(traps["port"]))),
            "UDP": lambda: _send("127.0.0.1", int(traps["port"])),
            "a socket in a folder": lambda: _connect(socket.AF_UNIX, traps["socket"]),
            "an abstract socket": lambda: _connect(socket.AF_UNIX, traps["abstract"]),
        },
        "processes": {
            "the caller's environment": lambda: _read(f"/proc/{caller}/environ"),
            "the caller's memory": lambda: _read(f"/proc/{caller}/maps"),
            "the caller's files": lambda: os.listdir(f"/proc/{caller}/fd"),
            "signals": lambda: os.kill(caller, 0),
        },
    }
    return {
        right: [name for name, attempt in tries[right].items() if _works(attempt)]
        for right in RIGHTS
    }


def _works(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return False
    return True


def _read(path: str) -> None:
    with open(path, "rb") as file:
        file.read(1)


def _append(path: str) -> None:
    with open(path, "ab"):
        pass


def _change_mode(path: str) -> None:
    """Where changing it is pretended, it is looked at afterwards."""
    before = os.stat(path).st_mode
    os.chmod(path, before ^ 0o100)
    if os.stat(path).st_mode == before:
        raise OSError("unchanged")


def _connect(family: int, address: Any) -> None:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(1)
        client.connect(address)


def _send(host: str, port: int) -> None:
    """Send to nobody: refused where there is no way out, at once and here."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((host, port))
        client.send(b"")
