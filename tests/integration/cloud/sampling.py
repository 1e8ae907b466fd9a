"""A sample of a table of cases in which each row and each column is met."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Sequence
from itertools import product
from typing import TypeVar

import pytest

Row = TypeVar("Row", bound=Hashable)
Column = TypeVar("Column", bound=Hashable)


def cover(cells: Iterable[tuple[Row, Column]]) -> list[tuple[Row, Column]]:
    """Choose few of a table's cells so that each row and each column has one; always the same.

    Greedy: the cell that meets most of what is not met yet, and of those the one whose row and
    column were met least.
    """
    table = list(dict.fromkeys(cells))
    rows, columns = Counter[Row](), Counter[Column]()

    def already(cell: tuple[Row, Column]) -> tuple[int, int]:
        row, column = cell
        return bool(rows[row]) + bool(columns[column]), rows[row] + columns[column]

    chosen = []
    while unmet := [(row, column) for row, column in table if not rows[row] or not columns[column]]:
        row, column = min(unmet, key=already)
        chosen.append((row, column))
        rows[row] += 1
        columns[column] += 1
    return chosen


def sampled(
    rows: Sequence[Row], columns: Sequence[Column], always: Collection[tuple[Row, Column]] = ()
) -> list[object]:
    """Give pytest's parameters for a whole table; those outside the sample wait for the night."""
    table = list(product(rows, columns))
    kept = {*cover(table), *always}
    marks = {False: [pytest.mark.nightly], True: []}
    return [pytest.param(*cell, marks=marks[cell in kept]) for cell in table]
