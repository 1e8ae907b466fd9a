"""What lies there to be reached, for a try from inside to show that it cannot be."""

import os
import secrets
import socket
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Traps:
    """A file and listening sockets of this process; they live as long as it does."""

    folder: tempfile.TemporaryDirectory[str]
    tcp: socket.socket
    local: socket.socket
    abstract: socket.socket

    def orders(self) -> dict[str, object]:
        """Say where they are, as the launcher's orders have it."""
        file = Path(self.folder.name, "canary")
        file.write_text("not to be read")  # an earlier try may have removed it
        return {
            "process": os.getpid(),
            "file": str(file),
            "port": self.tcp.getsockname()[1],
            "socket": self.local.getsockname(),
            "abstract": "\0" + self.abstract.getsockname()[1:].decode(),
        }


@cache
def traps() -> Traps:
    """Lay them out, once a process."""
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
