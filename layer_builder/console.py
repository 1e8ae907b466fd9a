"""What a run says to a person: the protocol that the commands speak, and plain lines on standard error.

What a terminal is shown besides is in `terminal`, and what a workflow is in `github`.
"""

import re
import sys
import threading
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import Protocol, TextIO

from layer_builder.errors import Problem


class Reporter(Protocol):
    """Tells the user how a build goes."""

    def step(self, layer: str, text: str) -> None:
        """Say in one line what was done."""

    def progress(self, layer: str, text: str, size: int = 0) -> None:
        """Show what is being done now, and to how many bytes; an empty text means nothing."""

    def warn(self, problem: Problem) -> None:
        """Say what the user should look at."""

    def notice(self, problem: Problem) -> None:
        """Say what the user may want to know; nothing is wrong."""


class HeldReporter:
    """Keeps what it hears until it is released; for work that goes on beside what is told first."""

    def __init__(self, reporter: Reporter) -> None:
        """Tell that reporter, later."""
        self._reporter = reporter
        self._held: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._is_released = False

    def release(self) -> None:
        """Tell what was heard, in order, and what comes from now on at once."""
        with self._lock:
            for tell in self._held:
                tell()
            self._is_released = True

    def step(self, layer: str, text: str) -> None:
        """Say in one line what was done."""
        self._tell(partial(self._reporter.step, layer, text))

    def progress(self, layer: str, text: str, size: int = 0) -> None:
        """Show at once what is being done now: it is no line of the log."""
        self._reporter.progress(layer, text, size)

    def warn(self, problem: Problem) -> None:
        """Say what the user should look at."""
        self._tell(partial(self._reporter.warn, problem))

    def notice(self, problem: Problem) -> None:
        """Say what the user may want to know."""
        self._tell(partial(self._reporter.notice, problem))

    def _tell(self, tell: Callable[[], None]) -> None:
        with self._lock:
            if self._is_released:
                tell()
            else:
                self._held.append(tell)


# Halves of characters (surrogates) cannot be written as UTF-8; bidirectional controls show a line in
# another order than it has: https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
_CONTROL = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def sanitize_line(line: str) -> str:
    """Make a line of any origin safe to print: no control characters, no workflow commands.

    A runner acts on lines that begin with `::` (blanks before it do not count) and on `##[`
    anywhere: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
    """
    clean = _CONTROL.sub("�", line).replace("##[", "# #[")
    return clean.replace("::", ": :", 1) if clean.lstrip().startswith("::") else clean


class Tone(StrEnum):
    """What the beginning of a line is about, for where colours tell it."""

    PLAIN = "plain"
    LAYER = "layer"
    GOOD = "good"
    NOTICE = "notice"
    WARNING = "warning"
    ERROR = "error"


class Console:
    """Prints progress and problems for a person or a plain log."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Print to `stream`, standard error unless given."""
        self._stream = stream or sys.stderr
        self._lock = threading.Lock()

    def step(self, layer: str, text: str) -> None:
        """Say in one line what was done."""
        self.lines([text], head=f"{layer}: ", tone=Tone.LAYER)

    def progress(self, layer: str, text: str, size: int = 0) -> None:
        """Show what a layer is doing now, where that can be taken back: not in plain lines."""

    def warn(self, problem: Problem) -> None:
        """Say what the user should look at."""
        self._problem(Tone.WARNING, problem)

    def notice(self, problem: Problem) -> None:
        """Say what the user may want to know; nothing is wrong."""
        self._problem(Tone.NOTICE, problem)

    def error(self, problem: Problem) -> None:
        """Say what went wrong."""
        self._problem(Tone.ERROR, problem)

    def details(self, title: str, lines: Sequence[str]) -> None:
        """Print a block of lines under a title."""
        self.lines([title, *(f"  {line}" for line in lines)])

    def lines(self, lines: Sequence[str], *, head: str = "", tone: Tone = Tone.PLAIN) -> None:
        """Print whole lines, never mixed with another thread's.

        `head` stands before the first one, in a tone of its own.
        """
        with self._lock:
            for part in [part for line in lines for part in line.splitlines() or [""]] or [""]:
                self._put(sanitize_line(head + part), len(head), tone)
                head, tone = "", Tone.PLAIN
            self._stream.flush()

    def close(self) -> None:
        """Leave nothing on a screen but what was printed."""

    def end(self) -> None:
        """Say what was held back until nothing more comes."""

    def _put(self, line: str, head: int, tone: Tone) -> None:  # noqa: ARG002 (for terminals)
        """Print a line that is safe; its first `head` characters have a tone."""
        self._stream.write(line + "\n")

    def _problem(self, tone: Tone, problem: Problem) -> None:
        self.lines(problem.lines(), head=f"{tone}: ", tone=tone)
