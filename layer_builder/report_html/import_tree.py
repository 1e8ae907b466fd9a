"""The imports of a function's cold start as the page shows them: the slowest, with where they are told."""

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import field
from itertools import count
from typing import Any

from layer_builder.lazy_dataclasses import dataclass

MOST_IMPORTS = 400
"""Of a function, the slowest; all are in report.json."""
_DEEPEST = 30


@dataclass(kw_only=True)
class ShownImport:
    """An import, and what leads to it in the report."""

    name: str
    steps: tuple[str | int, ...]
    share: float
    """Of the slowest import of the tree, 0 to 1."""
    inside: list["ShownImport"] = field(default_factory=list)

    @property
    def own(self) -> tuple[str | int, ...]:
        """What leads to the seconds that it took itself."""
        return (*self.steps, "own")

    @property
    def cumulative(self) -> tuple[str | int, ...]:
        """What leads to the seconds that it took with those that it imported in turn."""
        return (*self.steps, "cumulative")


def import_tree(
    imports: Sequence[Mapping[str, Any]], steps: tuple[str | int, ...], most: int = MOST_IMPORTS
) -> tuple[list[ShownImport], int]:
    """Choose the slowest imports of a tree, each with those that led to it.

    Args:
        imports: as `report.json` has them.
        steps: what leads to them there.
        most: how many are shown.

    Gives the trees, slowest first, and how many imports are not shown.
    """
    whole = max((one["cumulative"] for one in imports), default=0.0) or 1.0
    order = count()
    queue: list[tuple[float, int, Mapping[str, Any], tuple[str | int, ...], list[ShownImport]]] = []

    def enqueue(
        found: Sequence[Mapping[str, Any]], at: tuple[str | int, ...], into: list[ShownImport]
    ) -> None:
        for number, one in enumerate(found):
            heapq.heappush(queue, (-one["cumulative"], next(order), one, (*at, number), into))

    trees: list[ShownImport] = []
    enqueue(imports, steps, trees)
    shown = 0
    hidden = 0
    while queue:
        _, _, one, at, into = heapq.heappop(queue)
        if shown >= most or len(at) - len(steps) > 2 * _DEEPEST:
            hidden += _all(one)
            continue
        shown += 1
        node = ShownImport(name=one["name"], steps=at, share=min(1.0, one["cumulative"] / whole))
        into.append(node)
        enqueue(one["imports"], (*at, "imports"), node.inside)
    return trees, hidden


def _all(one: Mapping[str, Any]) -> int:
    found = 0
    queue = [one]
    while queue:
        node = queue.pop()
        found += 1
        queue += node["imports"]
    return found
