"""Live lines at the end of a terminal's screen, one for each thing that is being done. Loads rich.

Nothing here is markup: names and messages are of any origin, and stay text.
"""

import threading
from collections.abc import Mapping
from typing import TextIO

from rich.console import Console as RichConsole
from rich.console import Group
from rich.control import Control
from rich.live import Live
from rich.segment import ControlType
from rich.text import Text

from layer_builder.console import sanitize_line
from layer_builder.terminal.task import Task

_DRAWN_A_SECOND = 4
_ERASE_WHOLE_LINE = 2
_LEAST_TITLE = 6
"""Columns that are left to a title, if there are so many."""


class LiveLines:
    """Shows what is being done, drawn anew several times a second, until it is closed."""

    def __init__(self, stream: TextIO, *, has_colours: bool) -> None:
        """Draw on a stream that is a terminal; begins to with the first thing that is shown."""
        self._console = RichConsole(
            file=stream, force_terminal=True, no_color=not has_colours, highlight=False
        )
        self._tasks: dict[str, Task] = {}
        # Held for a moment only, and never while something is drawn: the thread that draws takes it.
        self._lock = threading.Lock()
        self._drawn: list[int] = []
        self._width = 0
        self._bold = "bold" if has_colours else ""
        self._live: Live | None = None

    def show(self, tasks: Mapping[str, Task]) -> None:
        """Show what is done now, by its title; nothing takes the lines back."""
        with self._lock:
            self._tasks = dict(tasks)
        if not tasks:
            self.close()
        elif self._live is None:
            self._live = Live(
                console=self._console,
                get_renderable=self._draw,
                refresh_per_second=_DRAWN_A_SECOND,
                transient=True,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            self._live.start(refresh=True)
        else:
            self._live.refresh()

    def print_above(self, line: str) -> None:
        """Print a line above the live ones; it may have colours, and is not broken."""
        if self._live and self._console.width < self._width:
            self._live.refresh()
        self._console.print(Text.from_ansi(line), soft_wrap=True)

    def close(self) -> None:
        """Take all lines back."""
        live, self._live = self._live, None
        if live:
            live.stop()
        self._drawn = []

    def _draw(self) -> Group:
        width, height = max(1, self._console.width), self._console.height
        self._erase_broken(width)
        with self._lock:
            tasks = dict(self._tasks)
        # Never the whole screen: what scrolled out of it cannot be taken back.
        most = max(1, height - 2)
        lines = [self._line(title, task, width - 1) for title, task in [*tasks.items()][:most]]
        if len(tasks) > most:
            lines[-1] = Text(f"… and {len(tasks) - most + 1} more"[: width - 1])
        self._drawn, self._width = [line.cell_len for line in lines], width
        return Group(*lines)

    def _line(self, title: str, task: Task, width: int) -> Text:
        """Compose a line; where there is no room for all of it, the title is cut."""
        doing = Text(f" {task.words(width - _LEAST_TITLE - 1)}")
        head = Text(sanitize_line(title), style=self._bold, no_wrap=True, overflow="ellipsis")
        head.truncate(max(_LEAST_TITLE, width - doing.cell_len), overflow="ellipsis")
        line = Text(no_wrap=True, overflow="ellipsis").append_text(head).append_text(doing)
        line.truncate(max(1, width), overflow="ellipsis")
        return line

    def _erase_broken(self, width: int) -> None:
        """Erase what is too much where the terminal got narrower, and broke what was drawn.

        rich goes up as many rows as it drew lines. Terminals that do not break lines again when
        they are resized lose as many rows of what stands above.
        """
        rows = sum((cells - 1) // width for cells in self._drawn if cells)
        if rows:
            codes = (ControlType.CARRIAGE_RETURN, (ControlType.ERASE_IN_LINE, _ERASE_WHOLE_LINE))
            self._console.control(Control(*(*codes, (ControlType.CURSOR_UP, 1)) * rows))
