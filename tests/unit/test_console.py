import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.console import Console, sanitize_line
from layer_builder.errors import Problem


@pytest.mark.parametrize(
    ("line", "printed"),
    [
        ("plain, ünïcode → fine", "plain, ünïcode → fine"),
        ("\tindented", "\tindented"),
        ("::error::boo", ": :error::boo"),
        ("  \t::set-output name=a::b", "  \t: :set-output name=a::b"),
        ("in the middle ::error::", "in the middle ::error::"),
        ("x ##[group]y ##[endgroup]", "x # #[group]y # #[endgroup]"),
        ("\x1b[31mred\x07", "\ufffd[31mred\ufffd"),
        ("over\rwritten", "over\ufffdwritten"),
        ("a\n::error::b", "a\ufffd::error::b"),
        ("a\u2028::error::b\x9b31m", "a\ufffd::error::b\ufffd31m"),
        ("exe\u202etxt.\u2066\u200f", "exe\ufffdtxt.\ufffd\ufffd"),
        ("שלום", "שלום"),
        ("", ""),
    ],
)
def test_a_line_of_any_origin_is_inert(line: str, printed: str) -> None:
    assert sanitize_line(line) == printed


@given(st.text("a:#[] \t\n\r\x0b\x0c\x1b\x85\u2028", max_size=20))
def test_no_line_commands_the_runner_or_the_terminal(line: str) -> None:
    printed = sanitize_line(line)
    assert not re.search(r"^\s*::|##\[", printed)
    assert not re.search(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]", printed)
    assert sanitize_line(printed) == printed


def test_problems_are_printed_with_place_evidence_and_advice(problem: Problem) -> None:
    stream = io.StringIO()
    console = Console(stream)
    console.warn(problem)
    console.error(Problem(message="lost"))
    assert stream.getvalue() == (
        "warning: layers.yml:4:3: layer core: 1 + 1 is 3\n    first\n    second\n  → count again\n"
        "error: lost\n"
    )


def test_a_message_of_several_lines_commands_nothing() -> None:
    stream = io.StringIO()
    Console(stream).error(Problem(message="it says\n::stop-commands::x\r\n##[error]y"))
    assert stream.getvalue() == "error: it says\n: :stop-commands::x\n# #[error]y\n"


def test_steps_and_details_are_plain_lines() -> None:
    stream = io.StringIO()
    console = Console(stream)
    console.step("core", "installed")
    console.progress("core", "proving")
    console.details("core: 1 distribution", ["six", ""])
    assert stream.getvalue() == "core: installed\ncore: 1 distribution\n  six\n  \n"


def test_what_happens_now_is_not_told_in_plain_lines() -> None:
    stream = io.StringIO()
    console = Console(stream)
    console.progress("core", "installing", 2**20)
    console.close()
    assert stream.getvalue() == ""
