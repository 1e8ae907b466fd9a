"""What GitHub shows of a step: ten annotations of a kind, and debug lines where somebody debugs."""

import io
import logging
import re

import pytest

from layer_builder.errors import Place, Problem
from layer_builder.github.actions import DebugLog, WorkflowConsole, is_debugged
from layer_builder.logged_calls.calls import log_call, log_end, without_secrets


def told(capfd: pytest.CaptureFixture[str], count: int, kind: str = "error") -> list[str]:
    """Tell so many problems; gives the lines of the log."""
    stream = io.StringIO()
    console = WorkflowConsole(stream)
    for number in range(count):
        tell = console.error if kind == "error" else console.warn
        place = Place(file="layers.yml", line=number + 1)
        tell(Problem(message=f"wrong {number}", place=place, advice=("write it right",)))
    console.end()
    return (capfd.readouterr().out + stream.getvalue()).splitlines()


@pytest.mark.parametrize("kind", ["error", "warning"])
@pytest.mark.parametrize("count", [0, 1, 9, 10])
def test_ten_of_a_kind_are_annotations(
    capfd: pytest.CaptureFixture[str], count: int, kind: str
) -> None:
    lines = told(capfd, count, kind)
    assert lines == [
        f"::{kind} file=layers.yml,line={n + 1}::wrong {n}%0A  → write it right"
        for n in range(count)
    ]


@pytest.mark.parametrize("count", [11, 12, 40])
def test_the_tenth_counts_what_is_more(capfd: pytest.CaptureFixture[str], count: int) -> None:
    lines = told(capfd, count)
    annotations = [line for line in lines if line.startswith("::")]
    assert len(annotations) == 10
    assert annotations[9].startswith(
        f"::error::and {count - 9} errors more, which GitHub shows none of here%0A"
    )
    assert f"layers.yml:{count}: wrong {count - 1}" in annotations[9]
    # The log itself has each of them once, in order, and whole.
    rest = [line for line in lines if not line.startswith("::")]
    assert rest == [
        line for n in range(9, count)
        for line in (f"error: layers.yml:{n + 1}: wrong {n}", "  → write it right")
    ]  # fmt: skip


def test_kinds_are_counted_apart(capfd: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    console = WorkflowConsole(stream)
    for number in range(8):
        console.warn(Problem(message=f"odd {number}"))
        console.notice(Problem(message=f"note {number}"))
        console.error(Problem(message=f"wrong {number}"))
    console.end()
    assert len(re.findall("^::", capfd.readouterr().out, re.MULTILINE)) == 24
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("debug", "actions", "is_on"), [("1", "true", True), ("", "true", False), ("1", "", False)]
)
def test_debugging_is_the_runners_word(
    monkeypatch: pytest.MonkeyPatch, debug: str, actions: str, is_on: object
) -> None:
    monkeypatch.setenv("RUNNER_DEBUG", debug)
    monkeypatch.setenv("GITHUB_ACTIONS", actions)
    assert is_debugged() is is_on


def test_a_call_is_logged_with_its_purpose_and_without_secrets(
    capfd: pytest.CaptureFixture[str],
) -> None:
    logger = logging.getLogger("layer_builder.logged_calls.calls")
    logger.handlers, level = [DebugLog(io.StringIO())], logger.level
    logger.setLevel(logging.DEBUG)
    try:
        words = [
            "/bin/uv",
            "pip",
            "compile",
            "--index-url",
            "https://me:hunter2@host/?token=hunter3",
        ]
        log_call(words, {"UV_DEFAULT_INDEX": "https://me:hunter2@host/"})
        log_end(2, "no answer of https://me:hunter2@host/simple\n::error::x", 1.25)
    finally:
        logger.handlers = []
        logger.setLevel(level)
    out = capfd.readouterr().out
    assert "hunter" not in out
    assert out.splitlines() == [
        "::debug::calls: to choose versions, or see who requires what: "
        "/bin/uv pip compile --index-url 'https://***@host/?***'",
        "::debug::calls: with the variables UV_DEFAULT_INDEX",
        "::debug::calls: ended with 2 after 1.2 s",
        "::debug::calls: no answer of https://***@host/simple",
        "::debug::calls: : :error::x",
    ]


def test_logins_and_queries_leave_addresses() -> None:
    text = "get https://a:b@h/p?x=1#f and http://tok@h, file:///a@b"
    assert without_secrets(text) == "get https://***@h/p?***#f and http://***@h, file:///a@b"
