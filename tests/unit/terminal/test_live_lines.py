import io
import re

import pyte
import pytest
from rich.console import Console

from layer_builder.console import Tone
from layer_builder.terminal import TerminalConsole, shows_live_lines
from layer_builder.terminal.live_lines import LiveLines
from layer_builder.terminal.task import Task
from layer_builder.timing import now

HOSTILE = "[bold]x[/] :smile: \x1b[2J\x07\x9b31m \u202etxt.exe\u2069 ::error::y ##[group]z"
INERT = "[bold]x[/] :smile: �[2J��31m �txt.exe� ::error::y # #[group]z"


class Stream(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _no_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the width that tests set, not that of the terminal which they run in."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(Console, "width", 80)
    monkeypatch.setattr(Console, "height", 24)


def task(text: str, size: int = 0, *, ago: float = 0) -> Task:
    return Task(text=text, size=size, since=now() - ago)


def shown(stream: Stream) -> list[str]:
    screen = pyte.Screen(80, 24)
    pyte.Stream(screen).feed(stream.getvalue().replace("\n", "\r\n"))
    return [line.rstrip() for line in screen.display if line.strip()]


def test_each_layer_has_a_line_with_step_bytes_and_time() -> None:
    stream = Stream()
    lines = LiveLines(stream, has_colours=True)
    lines.show({"core": task("prove and archive", 97_000_000, ago=12.2), "code": task("archive")})
    assert shown(stream) == ["core prove and archive 92.5 MiB 12 s", "code archive 0 s"]
    lines.print_above("core: \x1b[1mproved\x1b[0m")
    lines.show({"code": task("archive")})
    lines.print_above("core: zipped")
    assert shown(stream) == ["core: proved", "core: zipped", "code archive 0 s"]
    lines.show({})
    assert shown(stream) == ["core: proved", "core: zipped"]


def test_hostile_names_do_no_harm() -> None:
    stream = Stream()
    lines = LiveLines(stream, has_colours=True)
    lines.show({HOSTILE: task("prove")})
    assert shown(stream) == [f"{INERT} prove 0 s"]
    lines.close()
    assert shown(stream) == []


@pytest.mark.parametrize("width", [1, 8, 20, 40])
def test_no_line_is_wider_than_the_terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setattr(Console, "width", width)
    stream = Stream()
    lines = LiveLines(stream, has_colours=False)
    lines.show({"包" * 30: task("prove", 97_000_000), "x" * 300: task("archive")})
    lines.close()
    drawn = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "\n", stream.getvalue())
    assert max(len(line) for line in drawn.splitlines()) < max(2, width)
    if width == 40:
        assert "x" * 20 in drawn
        assert "… archive 0 s" in drawn


def test_a_narrow_terminal_shows_the_time_rather_than_the_bytes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Console, "width", 30)
    stream = Stream()
    LiveLines(stream, has_colours=False).show({"core-deps": task("prove", 97_000_000, ago=12)})
    assert shown(stream) == ["core-deps prove 92.5 MiB 12 s"]
    stream = Stream()
    doing = task("archive and prove", 97_000_000, ago=12)
    LiveLines(stream, has_colours=False).show({"core-deps": doing})
    assert shown(stream) == ["core-… archive and prove 12 s"]


def test_more_than_the_screen_holds_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Console, "height", 6)
    stream = Stream()
    LiveLines(stream, has_colours=False).show({str(one): task("prove") for one in range(9)})
    assert shown(stream) == ["0 prove 0 s", "1 prove 0 s", "2 prove 0 s", "… and 6 more"]


def test_what_a_narrower_terminal_broke_is_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream()
    lines = LiveLines(stream, has_colours=False)
    lines.show({"c" * 50: task("prove"), "d": task("prove")})
    before = stream.tell()
    monkeypatch.setattr(Console, "width", 25)
    lines.print_above("done")
    up = stream.getvalue()[before:].partition("done")[0].count("\x1b[1A")
    lines.close()
    # 59 cells take three rows of 25: two more than were drawn. Drawn anew twice: one up each.
    assert up == 2 + 1 + 1


def test_a_terminal_has_colours_at_the_beginnings_of_lines() -> None:
    stream = Stream()
    console = TerminalConsole(stream, {})
    console.step("core", HOSTILE)
    console.lines(["3 built", "b"], head="Lambda layers: ", tone=Tone.GOOD)
    assert stream.getvalue() == (
        f"\x1b[1mcore: \x1b[0m{INERT}\n\x1b[1;32mLambda layers: \x1b[0m3 built\nb\n"
    )


def test_no_color_takes_the_colours_only() -> None:
    stream = Stream()
    TerminalConsole(stream, {"NO_COLOR": "1"}).step("core", "done")
    assert stream.getvalue() == "core: done\n"


def test_what_was_closed_shows_nothing_any_more() -> None:
    stream = Stream()
    console = TerminalConsole(stream, {})
    console.progress("core", "prove")
    console.close()
    console.progress("core", "archive")
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("stream", "environ", "shows"),
    [
        (Stream(), {"TERM": "xterm"}, True),
        (Stream(), {"TERM": "dumb"}, False),
        (Stream(), {}, False),
        (io.StringIO(), {"TERM": "xterm"}, False),
    ],
)
def test_lines_are_taken_back_only_where_that_can_be_done(
    stream: io.StringIO, environ: dict[str, str], *, shows: bool
) -> None:
    assert shows_live_lines(stream, environ) is shows
