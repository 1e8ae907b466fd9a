"""What lies there to be reached, for a try from inside to show that it cannot be."""

import os
import secrets
import socket
import tempfile
import threading
from functools import cache
from pathlib import Path

from layer_builder.lazy_dataclasses import dataclass

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
        file, socket_file = Path(self.folder.name, "canary"), Path(self.folder.name, "socket")
        return file.exists() and file.read_text() == _CONTENT and socket_file.exists()

    def orders(self) -> dict[str, object]:
        """Say where they are, as the launcher's orders have it."""
        file = Path(self.folder.name, "canary")
        if not self.are_whole:  # an earlier try may have removed it
            # Whole at once: another thread may be looking whether it is.
            laid = file.with_name(f"laid-{secrets.token_hex(8)}")
            laid.write_text(_CONTENT)
            laid.rename(file)
        return {
            "process": os.getpid(),
            "file": str(file),
            "port": self.tcp.getsockname()[1],
            "socket": self.local.getsockname(),
            "abstract": "\0" + self.abstract.getsockname()[1:].decode(),
        }


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
