"""ministack: an AWS emulator that runs functions with their layers, in a process of its own."""

import http.client
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

_MOST_SECONDS = 60

# Ends the emulator, and what it started, when our end of the pipe closes: however we end.
_KEEPER = """
import os, signal, subprocess, sys

child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
sys.stdin.read()
for number in (signal.SIGTERM, signal.SIGKILL):
    try:
        os.killpg(child.pid, number)
        child.wait(5)
    except (ProcessLookupError, subprocess.TimeoutExpired):
        pass
"""


class Ministack:
    """The emulator, up; `url` is its address."""

    def __init__(self, program: Path, folder: Path, port: int) -> None:
        """Start it, with all it writes below the folder, and wait until it answers."""
        self.url = f"http://127.0.0.1:{port}"
        (folder / "tmp").mkdir(parents=True)
        with (folder / "log").open("wb") as log:
            self._keeper = subprocess.Popen(
                [sys.executable, "-c", _KEEPER, str(program)],
                cwd=folder,
                env={
                    "BIND_HOST": "127.0.0.1",
                    "GATEWAY_PORT": str(port),
                    "LAMBDA_EXECUTOR": "local",
                    "HOME": str(folder),
                    "TMPDIR": str(folder / "tmp"),
                    "PATH": "/usr/bin:/bin",
                },
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        self._wait(folder / "log")

    def reset(self) -> None:
        """Forget everything that was published, stored and made."""
        request = urllib.request.Request(f"{self.url}/_ministack/reset", method="POST")
        urllib.request.urlopen(request, timeout=30).close()

    def close(self) -> None:
        """End it."""
        assert self._keeper.stdin
        self._keeper.stdin.close()
        self._keeper.wait(15)

    def _wait(self, log: Path) -> None:
        last = time.monotonic() + _MOST_SECONDS
        while time.monotonic() < last:
            try:
                urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5).close()
            except (urllib.error.URLError, ConnectionError, http.client.HTTPException):
                time.sleep(0.05)
            else:
                return
        self.close()
        raise AssertionError(f"ministack did not come up:\n{log.read_text(errors='replace')}")
