"""Figures of several rounds: a median with its spread, ratios round by round, slopes."""

import re
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_ADDRESS = re.compile(r"\w+://\S+")
_WORST = re.compile(r"^\W*error\b.", re.IGNORECASE)
_BAD = re.compile(r"error|fail|not found|cannot|unable|no such", re.IGNORECASE)
_MOST_LETTERS = 160


@dataclass(frozen=True, kw_only=True)
class Spread:
    """The median of some values, the least and the greatest."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread | None":
        """Sum up; None where nothing was measured."""
        if not values:
            return None
        return cls(median=statistics.median(values), least=min(values), most=max(values))

    def text(self, digits: int = 2) -> str:
        """Write the median, and the least and the most in brackets where they differ."""
        median, least, most = (
            f"{value:,.{digits}f}" for value in (self.median, self.least, self.most)
        )
        return median if least == most else f"{median} ({least}–{most})"


@dataclass(frozen=True, kw_only=True)
class Slope:
    """A straight line through points, by least squares: what one more costs."""

    each: float
    """y for one more x."""
    start: float
    """y at none."""

    @classmethod
    def through(cls, xs: Sequence[float], ys: Sequence[float]) -> "Slope | None":
        """Fit the line; None for fewer than two different x."""
        if len(set(xs)) < 2:  # noqa: PLR2004 (a line has two points)
            return None
        each, start = statistics.linear_regression(xs, ys)
        return cls(each=each, start=start)


def ratios(over: Sequence[float], under: Sequence[float]) -> list[float]:
    """Divide round by round; what was measured once stands for all rounds.

    Rounds that only one of the two has are left out.
    """
    if len(over) == 1 or len(under) == 1:
        rounds = max(len(over), len(under)) if over and under else 0
        over, under = _as_often(over, rounds), _as_often(under, rounds)
    return [above / below for above, below in zip(over, under, strict=False) if below]


def _as_often(values: Sequence[float], rounds: int) -> Sequence[float]:
    return list(values) * rounds if len(values) == 1 else values


def reason(log: str, hidden: Sequence[str] = ()) -> str:
    """Find the line of a log that says best why a program failed.

    The first that begins with "error", else the last that speaks of one, else the last. Addresses
    and the folders that are `hidden` are not repeated.
    """
    text = _COLOUR.sub("", log)
    for folder in hidden:
        text = text.replace(folder, "…")
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    chosen = next(
        (number for number, line in enumerate(lines) if _WORST.match(line)),
        max((number for number, line in enumerate(lines) if _BAD.search(line)), default=-1),
    )
    if not lines:
        return "it said nothing"
    line = lines[chosen]
    if line.rstrip(":").lower() == "error" and chosen + 1 < len(lines):
        line = lines[chosen + 1]
    line = _ADDRESS.sub("<address>", line)
    return line if len(line) <= _MOST_LETTERS else line[: _MOST_LETTERS - 1] + "…"
