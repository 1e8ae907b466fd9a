"""Figures of a benchmark: pure parts, no clock."""

import pytest

from benchmarks.peers import figures
from benchmarks.peers.figures import Slope, Spread
from benchmarks.peers.measure.unpacked import versions_in


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([2.0], "2.00"),
        ([3.0, 1.0, 2.0], "2.00 (1.00–3.00)"),
        ([1500.0, 500.0], "1,000.00 (500.00–1,500.00)"),
    ],
)
def test_a_spread_tells_median_least_and_most(values: list[float], text: str) -> None:
    spread = Spread.of(values)
    assert spread is not None
    assert spread.text() == text


def test_nothing_measured_has_no_spread() -> None:
    assert Spread.of([]) is None


@pytest.mark.parametrize(
    ("over", "under", "ratios"),
    [
        ([8.0, 9.0], [2.0, 3.0], [4.0, 3.0]),
        ([8.0, 9.0], [2.0], [4.0, 4.5]),
        ([8.0], [2.0, 4.0], [4.0, 2.0]),
        ([8.0, 9.0, 10.0], [2.0, 3.0], [4.0, 3.0]),
        ([8.0], [], []),
        ([], [2.0, 3.0], []),
    ],
)
def test_ratios_are_taken_round_by_round(
    over: list[float], under: list[float], ratios: list[float]
) -> None:
    assert figures.ratios(over, under) == ratios


def test_a_slope_is_what_one_more_costs() -> None:
    assert Slope.through([1, 5, 20], [3, 11, 41]) == Slope(each=2, start=1)


def test_one_place_has_no_slope() -> None:
    assert Slope.through([5, 5], [1, 2]) is None


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ("", "it said nothing"),
        ("one\n\n  two  words \n", "two words"),
        ("error: a\n→ advice\nfailed (exit code 2)\n", "error: a"),
        (
            "Traceback\n  File x\nModuleNotFoundError: No module named 'a'\n",
            "ModuleNotFoundError: No module named 'a'",
        ),
        ("Packaging\nError:\nnot here\nDocs: there\n", "not here"),
        ("\x1b[31mERROR\x1b[0m: it is red\n", "ERROR: it is red"),
        (
            "could not find /home/me/work/a at https://host/simple/\n",
            "could not find …/a at <address>",
        ),
    ],
)
def test_the_reason_is_the_line_that_says_why(log: str, reason: str) -> None:
    assert figures.reason(log, ["/home/me/work"]) == reason


def test_a_long_reason_is_cut() -> None:
    assert len(figures.reason("error " * 100)) == 160


def test_versions_are_read_from_the_paths_of_metadata() -> None:
    names = ["python/a/x.py", "python/Pydantic_core-2.1.dist-info/METADATA", "python/b-1.0.data/x"]
    assert versions_in(names) == {"pydantic-core": "2.1"}
