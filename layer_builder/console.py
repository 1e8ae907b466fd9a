"""What a run says to a person: the protocol that the commands speak, and plain lines on standard error."""

import re
import shutil
import sys
import threading
from collections.abc import Sequence
from typing import Protocol, TextIO

from layer_builder.errors import Problem


class Reporter(Protocol):
    """Tells the user how a build goes."""

    def step(self, layer: str, text: str) -> None:
        """Say in one line what was done."""

    def progress(self, layer: str, text: str) -> None:
        """Show what is being done now; an empty text means nothing."""

    def warn(self, problem: Problem) -> None:
        """Say what the user should look at."""

    def notice(self, problem: Problem) -> None:
        """Say what the user may want to know; nothing is wrong."""


_ERASE_LINE = "\r\x1b[2K"


# Halves of characters (surrogates) cannot be written as UTF-8.
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def sanitize_line(line: str) -> str:
    """Make a line of any origin safe to print: no control characters, no workflow commands.

    A runner acts on lines that begin with `::` (blanks before it do not count) and on `##[`
    anywhere: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
    """
    clean = _CONTROL.sub("�", line).replace("##[", "# #[")
    return clean.replace("::", ": :", 1) if clean.lstrip().startswith("::") else clean


class Console:
    """Prints progress and problems for a person or a plain log."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Print to `stream`, standard error unless given."""
        self._stream = stream or sys.stderr
        self._lock = threading.Lock()
        self._is_terminal = self._stream.isatty()
        self._busy: dict[str, str] = {}

    def step(self, layer: str, text: str) -> None:
        """Say in one line what was done."""
        self.lines([f"{layer}: {text}"])

    def progress(self, layer: str, text: str) -> None:
        """Show on a terminal what a layer is doing now; no text means nothing any more."""
        if not self._is_terminal:
            return
        with self._lock:
            self._busy.pop(layer, None)
            if text:
                self._busy[layer] = text
            self._draw_status()

    def warn(self, problem: Problem) -> None:
        """Say what the user should look at."""
        self._problem("warning", problem)

    def notice(self, problem: Problem) -> None:
        """Say what the user may want to know; nothing is wrong."""
        self._problem("notice", problem)

    def error(self, problem: Problem) -> None:
        """Say what went wrong."""
        self._problem("error", problem)

    def details(self, title: str, lines: Sequence[str]) -> None:
        """Print a block of lines under a title."""
        self.lines([title, *(f"  {line}" for line in lines)])

    def lines(self, lines: Sequence[str]) -> None:
        """Print whole lines, never mixed with another thread's."""
        with self._lock:
            if self._is_terminal:
                self._stream.write(_ERASE_LINE)
            for line in lines:
                for part in line.splitlines() or [""]:
                    self._stream.write(sanitize_line(part) + "\n")
            self._draw_status()
            self._stream.flush()

    def _problem(self, kind: str, problem: Problem) -> None:
        first, *rest = problem.lines()
        self.lines([f"{kind}: {first}", *rest])

    def _draw_status(self) -> None:
        if not self._is_terminal:
            return
        status = " · ".join(f"{layer}: {text}…" for layer, text in self._busy.items())
        width = shutil.get_terminal_size().columns - 1
        self._stream.write(_ERASE_LINE + sanitize_line(status)[:width])
        self._stream.flush()
