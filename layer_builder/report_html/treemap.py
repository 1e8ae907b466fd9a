"""Lays out the blocks of a layer as nested rectangles, in shares of the one around them."""

from collections.abc import Sequence

import squarify

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.report_html.file_tree import Block, Kind

WIDTH, HEIGHT = 1180.0, 620.0
"""In pixels, as on a wide screen: it decides shapes, not sizes."""
HEADER = 15.0
"""Pixels that a block's own name takes, above what is in it."""
_LEAST_WIDTH, _LEAST_HEIGHT = 34.0, 13.0
"""Pixels from which on a name can be read."""


@dataclass(frozen=True, kw_only=True)
class Rectangle:
    """A block with its place: all in percent of the rectangle around it."""

    name: str
    kind: Kind
    size: int
    files: int
    left: float
    top: float
    width: float
    height: float
    is_named: bool
    """Whether there is room for its name."""
    inside: tuple["Rectangle", ...] = ()


def lay_out(
    blocks: Sequence[Block], width: float = WIDTH, height: float = HEIGHT
) -> tuple[Rectangle, ...]:
    """Lay out blocks, largest first, in a rectangle of so many pixels."""
    ordered = sorted((one for one in blocks if one.size), key=lambda one: -one.size)
    if not ordered or width < 1 or height < 1:
        return ()
    sizes = squarify.normalize_sizes([one.size for one in ordered], width, height)
    places = squarify.squarify(sizes, 0, 0, width, height)
    return tuple(
        _rectangle(block, place, width, height)
        for block, place in zip(ordered, places, strict=True)
    )


def _rectangle(block: Block, place: dict[str, float], width: float, height: float) -> Rectangle:
    wide, high = place["dx"], place["dy"]
    is_named = wide >= _LEAST_WIDTH and high >= _LEAST_HEIGHT
    return Rectangle(
        name=block.name,
        kind=block.kind,
        size=block.size,
        files=block.files,
        left=round(100 * place["x"] / width, 2),
        top=round(100 * place["y"] / height, 2),
        width=round(100 * wide / width, 2),
        height=round(100 * high / height, 2),
        is_named=is_named,
        inside=lay_out(block.shown, wide - 2, high - 2 - HEADER * is_named),
    )
