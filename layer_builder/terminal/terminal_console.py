"""The reporter of a terminal: colours, and live lines below what was printed.

rich takes a tenth of a second to load, so it comes only where something has been done for longer
than that: a run that finds nothing to do never has it.
"""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, TextIO

from layer_builder.console import Console, Tone
from layer_builder.terminal.task import Task
from layer_builder.timing import now

if TYPE_CHECKING:
    from layer_builder.terminal.live_lines import LiveLines

SECONDS_UNTIL_SHOWN = 0.5

# Select Graphic Rendition: ECMA-48, 8.3.117
_COLOURS = {
    Tone.PLAIN: "",
    Tone.LAYER: "1",
    Tone.GOOD: "1;32",
    Tone.NOTICE: "1;36",
    Tone.WARNING: "1;33",
    Tone.ERROR: "1;31",
}


def shows_live_lines(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Tell whether a stream leads to a terminal where lines can be taken back."""
    return stream.isatty() and environ.get("TERM", "dumb") not in {"", "dumb", "unknown"}


class TerminalConsole(Console):
    """Prints for a person at a terminal."""

    def __init__(self, stream: TextIO, environ: Mapping[str, str]) -> None:
        """Print to a terminal; without colours where NO_COLOR is set: https://no-color.org."""
        super().__init__(stream)
        self._has_colours = not environ.get("NO_COLOR")
        self._tasks: dict[str, Task] = {}
        self._timer: threading.Timer | None = None
        self._live: LiveLines | None = None
        self._is_closed = False

    def progress(self, layer: str, text: str, size: int = 0) -> None:
        """Show what a layer is doing now, with bytes and time; no text means nothing any more."""
        with self._lock:
            before = self._tasks.pop(layer, None)
            if text:
                since = before.since if before and before.text == text else now()
                self._tasks[layer] = Task(text=text, size=size, since=since)
            if self._live:
                self._live.show(self._tasks)
            elif self._timer is None and not self._is_closed:
                self._timer = threading.Timer(SECONDS_UNTIL_SHOWN, self._begin)
                self._timer.daemon = True
                self._timer.start()

    def close(self) -> None:
        """Take the live lines back, for good."""
        with self._lock:
            self._is_closed = True
            if self._timer:
                self._timer.cancel()
            if self._live:
                self._live.close()
            self._live = None

    def _begin(self) -> None:
        from layer_builder.terminal.live_lines import LiveLines  # noqa: PLC0415 (see above)

        with self._lock:
            if not self._is_closed:
                self._live = LiveLines(self._stream, has_colours=self._has_colours)
                self._live.show(self._tasks)

    def _put(self, line: str, head: int, tone: Tone) -> None:
        colour = _COLOURS[tone] if self._has_colours else ""
        if colour and head:
            line = f"\x1b[{colour}m{line[:head]}\x1b[0m{line[head:]}"
        if self._live:
            self._live.print_above(line)
        else:
            super()._put(line, head, tone)
