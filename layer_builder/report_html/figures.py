"""Figures of the page: each says which value of `report.json` it is, so that a test can compare them."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import mib

NOT_KNOWN = "–"


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Shows values of a report, found by the names and numbers that lead to them."""

    data: Mapping[str, Any]

    def at(self, *steps: str | int) -> Any:  # noqa: ANN401 (JSON)
        """Give a value of the report."""
        value: Any = self.data
        for step in steps:
            value = value[step]
        return value

    def size(self, *steps: str | int) -> Markup:
        """Show bytes."""
        value = self.at(*steps)
        return self._shown(steps, value, NOT_KNOWN if value is None else mib(value))

    def count(self, *steps: str | int) -> Markup:
        """Show a number of things."""
        value = self.at(*steps)
        return self._shown(steps, value, NOT_KNOWN if value is None else f"{value:,}")

    def seconds(self, *steps: str | int) -> Markup:
        """Show a time, in milliseconds below a second."""
        value = self.at(*steps)
        if value is None:
            return self._shown(steps, value, NOT_KNOWN)
        text = f"{value:.2f} s" if value >= 1 else f"{1000 * value:.1f} ms"
        return self._shown(steps, value, text)

    @staticmethod
    def _shown(steps: Sequence[str | int], value: float | None, text: str) -> Markup:
        path = "/".join(map(str, steps))
        if value is None:
            return Markup('<data value="" data-at="{}">{}</data>').format(path, text)
        return Markup('<data value="{}" data-at="{}">{}</data>').format(value, path, text)
