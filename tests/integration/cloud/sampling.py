"""A sample of a table of cases in which each row and each column is met."""

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from itertools import product
from typing import TypeVar

import pytest
from _pytest.mark import ParameterSet

Row = TypeVar("Row", bound=Hashable)
Column = TypeVar("Column", bound=Hashable)


def cover(
    cells: Iterable[tuple[Row, Column]], given: Iterable[tuple[Row, Column]] = ()
) -> list[tuple[Row, Column]]:
    """Choose few of a table's cells so that each row and each column has one; always the same.

    Those that are given are chosen already. Greedy: the cell that meets most of what is not met
    yet, and of those the one whose row and column were met least.
    """
    table, chosen = list(dict.fromkeys(cells)), list(given)
    rows, columns = Counter(row for row, _ in chosen), Counter(column for _, column in chosen)

    def already(cell: tuple[Row, Column]) -> tuple[int, int]:
        row, column = cell
        return bool(rows[row]) + bool(columns[column]), rows[row] + columns[column]

    while unmet := [(row, column) for row, column in table if not rows[row] or not columns[column]]:
        row, column = min(unmet, key=already)
        chosen.append((row, column))
        rows[row] += 1
        columns[column] += 1
    return chosen


def sampled(
    rows: Sequence[Row], columns: Sequence[Column], given: Iterable[tuple[Row, Column]] = ()
) -> list[ParameterSet]:
    """Give pytest's parameters for a table: those outside its sample wait for the night."""
    table = list(product(rows, columns))
    kept = set(cover(table, given))
    return [
        pytest.param(*cell, marks=() if cell in kept else pytest.mark.nightly) for cell in table
    ]
