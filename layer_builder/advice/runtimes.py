"""When Lambda's Python runtimes end.

Dates: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, read in November 2026. AWS moves
them at times, and then later.
"""

from collections.abc import Iterator
from datetime import date, timedelta

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Advice, Layer, Python

_AHEAD = timedelta(days=365)
"""How long before its end a runtime is told of."""


@dataclass(frozen=True, kw_only=True)
class RuntimeDates:
    """Of one runtime. A date that AWS has not named is None."""

    deprecated: date
    """From then on AWS gives it no security updates."""
    no_new: date | None = None
    """From then on no function can be created with it."""
    no_updates: date | None = None
    """From then on no function that has it can be updated, its layers neither."""


DATES: dict[Python, RuntimeDates] = {
    Python.PY310: RuntimeDates(
        deprecated=date(2026, 10, 31), no_new=date(2026, 11, 30), no_updates=date(2027, 1, 15)
    ),
    Python.PY311: RuntimeDates(
        deprecated=date(2027, 6, 30), no_new=date(2027, 7, 31), no_updates=date(2027, 8, 31)
    ),
    Python.PY312: RuntimeDates(deprecated=date(2028, 10, 31)),
    Python.PY313: RuntimeDates(deprecated=date(2029, 6, 30)),
    Python.PY314: RuntimeDates(deprecated=date(2029, 6, 30)),
}


def runtime_advice(layer: Layer, today: date) -> Iterator[Advice]:
    """Tell of a layer's runtime that ends within a year, or ended, and which one is next."""
    python = layer.target.python
    dates = DATES.get(python)
    if dates is None or dates.deprecated - today > _AHEAD:
        return
    versions = list(Python)
    later = [
        one
        for one in versions[versions.index(python) + 1 :]
        if one in DATES and DATES[one].deprecated - today > _AHEAD
    ]
    was = "was" if dates.deprecated <= today else "is"
    text = f"{layer.target.runtime} {was} deprecated on {dates.deprecated}"
    if dates.no_new and dates.no_updates:
        text += (
            f"; AWS blocks new functions from {dates.no_new}, updates of functions from"
            f" {dates.no_updates}"
        )
    if later:
        yield Advice(line=f'python: "{later[0]}"', text=text)
