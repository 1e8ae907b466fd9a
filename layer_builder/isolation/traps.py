"""What lies there to be reached, for a try from inside to show that it cannot be."""

import os
import secrets
import socket
import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_CONTENT = "not to be read"
_lock = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Traps:
    """A file and listening sockets of this process; they live as long as it does."""

    folder: tempfile.TemporaryDirectory[str]
    tcp: socket.socket
    local: socket.socket
    abstract: socket.socket

    @property
    def are_whole(self) -> bool:
        """Whether all of them are there: a canary that is gone cannot be reached by anybody."""
        with _lock:
            return self._has_canary and Path(self.folder.name, "socket").exists()

    def orders(self) -> dict[str, object]:
        """Say where they are, as the launcher's orders have it."""
        with _lock:  # nobody may look while it is being written
            if not self._has_canary:  # an earlier try may have removed it
                self._canary.write_text(_CONTENT)
        return {
            "process": os.getpid(),
            "file": str(self._canary),
            "port": self.tcp.getsockname()[1],
            "socket": self.local.getsockname(),
            "abstract": "\0" + self.abstract.getsockname()[1:].decode(),
        }

    @property
    def _canary(self) -> Path:
        return Path(self.folder.name, "canary")

    @property
    def _has_canary(self) -> bool:
        return self._canary.exists() and self._canary.read_text() == _CONTENT


def traps() -> Traps:
    """Lay them out, once a process, whatever the number of threads."""
    with _lock:
        return _lay_out()


@cache
def _lay_out() -> Traps:
    # A socket's path has at most 108 bytes, which TMPDIR may take: unix(7).
    folder = tempfile.TemporaryDirectory(prefix="layer-builder-canary-", dir="/tmp")
    local = socket.socket(socket.AF_UNIX)
    local.bind(str(Path(folder.name, "socket")))
    abstract = socket.socket(socket.AF_UNIX)
    abstract.bind(f"\0layer-builder-{secrets.token_hex(8)}")
    tcp = socket.create_server(("127.0.0.1", 0))
    for one in (local, abstract):
        one.listen()
    return Traps(folder=folder, tcp=tcp, local=local, abstract=abstract)
