"""The program on a terminal of its own: a pty, and a screen that shows what it writes."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pyte

PATIENCE = 120.0
"""Seconds that a run may take on a busy machine."""


class Screen:
    """A terminal of some columns and rows, in which the program runs."""

    def __init__(
        self,
        words: list[str],
        cwd: Path,
        env: Mapping[str, str],
        size: tuple[int, int] = (80, 24),
        program: tuple[str, ...] = ("-m", "layer_builder"),
    ) -> None:
        self.raw, self.cwd = b"", cwd
        columns, rows = size
        self._screen = pyte.HistoryScreen(columns, rows, history=1000, ratio=0.5)
        self._stream = pyte.ByteStream(self._screen)
        self._main, inner = pty.openpty()
        self._size(columns, rows)
        self.process = subprocess.Popen(
            [sys.executable, *program, *words],
            cwd=cwd,
            env={"TERM": "xterm-256color", **env},
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 (no threads here)
        )
        os.close(inner)

    def read_until(self, found: Callable[[str], bool] = lambda _: False) -> None:
        """Take in what the program writes until something is on the screen, or it ends."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if not select.select([self._main], [], [], 0.1)[0]:
                continue
            try:
                read = os.read(self._main, 65536)
            except OSError:  # its other end is closed: Linux says so by EIO
                return
            if not read:
                return
            self.raw += read
            self._stream.feed(read)
            if found(self.text):
                return
        self.process.kill()
        raise AssertionError(self.text)

    def end(self) -> int:
        """Wait for its end; gives the exit code."""
        self.read_until()
        code = self.process.wait(PATIENCE)
        os.close(self._main)
        return code

    def type(self, keys: bytes) -> None:
        os.write(self._main, keys)

    @property
    def text(self) -> str:
        """What a reader sees, with what scrolled away; lines without blanks at their ends."""
        above = [
            "".join(line[column].data for column in range(self._screen.columns)).rstrip()
            for line in self._screen.history.top
        ]
        whole = [*above, *(line.rstrip() for line in self._screen.display)]
        return "\n".join(whole).strip("\n")

    def _size(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._main, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
