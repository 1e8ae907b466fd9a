"""A layer at one time: its distributions, its weight, who and what it is for."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Self

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Package, Pin


@dataclass(frozen=True, kw_only=True)
class LayerPart:
    """A distribution in a layer, and its bytes where they are known."""

    name: str
    """Normalised."""
    version: str
    unzipped: int | None = None
    zipped: int | None = None


@dataclass(frozen=True, kw_only=True)
class LayerSnapshot:
    """What is known of a layer at one time; None is what is not."""

    source: str = ""
    """Where it was read: the ARN of a layer version, or the path of a report."""
    parts: tuple[LayerPart, ...] | None = None
    zip_bytes: int | None = None
    unzipped_bytes: int | None = None
    sha256: str | None = None
    """Of the zip, in hexadecimal."""
    content: str | None = None
    """The mark of all that decides its bytes, as stamps have it."""
    runtimes: tuple[str, ...] | None = None
    architectures: tuple[str, ...] | None = None
    permissions: tuple[str, ...] | None = None
    """Who may use it: `account …`, `organization …` or `everybody`."""

    @cached_property
    def by_name(self) -> Mapping[str, LayerPart]:
        """Its distributions by their names."""
        return {part.name: part for part in self.parts or ()}

    def with_packages(self, packages: Iterable[Package]) -> Self:
        """Add the distributions of a build, with the bytes that its account has."""
        parts = (
            LayerPart(
                name=one.name, version=one.version, unzipped=one.bytes_kept, zipped=one.bytes_zipped
            )
            for one in packages
        )
        return replace(self, parts=tuple(parts))

    def with_pins(self, pins: Iterable[Pin]) -> Self:
        """Add the distributions of a layer that was resolved, and not built."""
        parts = (LayerPart(name=pin.name, version=pin.version) for pin in pins)
        return replace(self, parts=tuple(parts))
