"""Advice in order and in words."""

from collections.abc import Iterable, Sequence
from typing import Literal

from layer_builder.model import Advice, Built, mib

_LEAST_SHARE = 0.01
"""Of a layer: a setting that takes less is not worth a line."""

_SHOWN = 3


def in_order(advice: Iterable[Advice], kind: Literal["zip", "unzipped"], used: int) -> list[Advice]:
    """Put the largest gain first, what has none last; leave out what takes less than 1 % of `used`."""

    def gain(one: Advice) -> int | None:
        return one.gain_of(kind)

    worth = [one for one in advice if (size := gain(one)) is None or size >= used * _LEAST_SHARE]
    return sorted(worth, key=lambda one: (gain(one) is None, -(gain(one) or 0), one.line))


def advice_for(built: Built, advice: Iterable[Advice]) -> list[Advice]:
    """Order the advice for a built layer by the limit that it comes closest to."""
    tightest = built.tightest
    return in_order(advice, tightest.limit.kind, tightest.used)


def advice_line(one: Advice, kind: Literal["zip", "unzipped"]) -> str:
    """Say it in a line.

    >>> from layer_builder.model import Weight
    >>> gain = Weight(zip_bytes=0, unzipped_bytes=3145728)
    >>> advice_line(Advice(line="strip: true", text="takes symbols", gain=gain), "unzipped")
    'strip: true (3.0 MiB less unzipped): takes symbols'
    """
    gain = one.gain_of(kind)
    measured = f" ({mib(gain)} less {kind})" if gain is not None else ""
    return f"{one.line}{measured}: {one.text}"


def advice_lines(advice: Sequence[Advice], kind: Literal["zip", "unzipped"]) -> list[str]:
    """Say the best three that were measured, and how many more the report has."""
    measured = [one for one in advice if one.gain]
    lines = [advice_line(one, kind) for one in measured[:_SHOWN]]
    more = len(advice) - len(lines)
    if lines and more:
        lines[-1] += f" ({more} more in the report)"
    return lines
