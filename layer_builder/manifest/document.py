"""A document: plain values that remember their line and column."""

from collections.abc import Mapping
from dataclasses import field
from typing import TypeAlias

from layer_builder.errors import Place, Problem
from layer_builder.lazy_dataclasses import dataclass

YamlValue: TypeAlias = bool | int | float | str | list["YamlValue"] | dict[str, "YamlValue"] | None


YamlPath: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Document:
    """The parsed file: its value, where each part stands, and what was wrong with the YAML."""

    file: str
    value: YamlValue
    keys: Mapping[YamlPath, Place] = field(default_factory=dict)
    """Where each mapping key stands."""
    values: Mapping[YamlPath, Place] = field(default_factory=dict)
    """Where each value stands."""
    problems: tuple[Problem, ...] = ()

    def place(self, path: YamlPath, *, of_key: bool = False) -> Place:
        """Find the closest known place for a path into the document."""
        table = self.keys if of_key else self.values
        for length in range(len(path), -1, -1):
            place = table.get(path[:length]) or self.values.get(path[:length])
            if place:
                return place
        return Place(file=self.file, line=1, column=1)

    def known(self, path: YamlPath) -> YamlPath:
        """Keep of a path the parts that exist in the document (validators add names of their own)."""
        kept: YamlPath = ()
        for part in path:
            if (*kept, part) in self.values:
                kept = (*kept, part)
        return kept
