"""Rows of a generated table: those that were finished are kept, the others are run."""

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, as_completed
from pathlib import Path
from typing import Any, Protocol, TypeVar

_Case = TypeVar("_Case")


class Row(Protocol):
    """What came of a case."""

    def as_data(self) -> dict[str, Any]:
        """Give it in JSON's types."""


_Row = TypeVar("_Row", bound=Row)


def finished_rows(  # noqa: PLR0913 (what is run, where, and how it is kept)
    cases: Mapping[_Case, Path],
    *,
    run: Callable[[_Case], _Row],
    pool: Executor | None,
    read: Callable[[Mapping[str, Any]], _Row],
    failed: Callable[[_Case, str], _Row],
    is_kept: Callable[[_Row], bool] = lambda _: True,
) -> Iterator[_Row]:
    """Yield the rows that were kept, then the others as they are done.

    Args:
        cases: where each one's row is kept.
        run: makes a row of a case.
        pool: runs them; None where only kept rows are wanted.
        read: takes what `as_data` gave, after JSON.
        failed: makes the row of a case whose run raised, from what it said.
        is_kept: tells whether a row is to be taken up again.
    """
    todo = []
    for case, kept in cases.items():
        if kept.exists():
            yield read(json.loads(kept.read_text(encoding="utf-8")))
        else:
            todo.append(case)
    if pool is None:
        return
    running = {pool.submit(run, case): case for case in todo}
    for done in as_completed(running):
        case = running[done]
        if bug := done.exception():
            yield failed(case, f"{type(bug).__name__}: {bug}")
            continue
        row = done.result()
        if is_kept(row):
            cases[case].write_text(json.dumps(row.as_data(), indent=1), encoding="utf-8")
        yield row
