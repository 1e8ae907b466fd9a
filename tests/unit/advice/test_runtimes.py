from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from layer_builder.advice import runtimes
from layer_builder.model.layer import Layer
from layer_builder.model.target import Architecture, Python, Target


@pytest.mark.parametrize(
    ("python", "today", "said"),
    [
        (
            Python.PY311,
            date(2026, 11, 26),
            (
                'python: "3.12"',
                "python3.11 is deprecated on 2027-06-30; AWS blocks new functions from 2027-07-31,"
                " updates of functions from 2027-08-31",
            ),
        ),
        (Python.PY311, date(2026, 6, 29), None),
        (
            Python.PY310,
            date(2026, 10, 31),
            (
                'python: "3.12"',
                "python3.10 was deprecated on 2026-10-31; AWS blocks new functions from 2026-11-30,"
                " updates of functions from 2027-01-15",
            ),
        ),
        (Python.PY312, date(2027, 10, 31), None),
        (
            Python.PY312,
            date(2027, 11, 1),
            ('python: "3.13"', "python3.12 is deprecated on 2028-10-31"),
        ),
        (Python.PY314, date(2029, 1, 1), None),
        (Python.PY315, date(2030, 1, 1), None),
    ],
)
def test_a_runtime_is_told_of_from_a_year_before_its_end(
    layer: Callable[..., Layer], python: Python, today: date, said: tuple[str, str] | None
) -> None:
    target = Target(python=python, architecture=Architecture.X86_64)
    found = list(runtimes.runtime_advice(replace(layer("core"), target=target), today))
    assert [(one.line, one.text, one.gain) for one in found] == ([(*said, None)] if said else [])
