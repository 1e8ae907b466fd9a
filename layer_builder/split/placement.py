"""Splits a layer: the fewest layers, one on top of the other, that each fit their limit.

A distribution may only need what is in its own layer or below. Choosing is exact for what weighs
most, and first-fit for the many small distributions, which find room wherever there is some.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import field
from itertools import islice

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import LAYERS_PER_FUNCTION, UNZIPPED_BYTES, Layer, Stack, mib

EXACT = 14
"""How many of the heaviest units are placed by search; beyond that, a search could take minutes."""


_MOST_STEPS = 50_000


_MOST_TRIES = 300
"""Bounds on the search, per number of layers: enough for any case that a test or a user had."""


@dataclass(frozen=True, kw_only=True)
class MeasuredDistribution:
    """A distribution to place."""

    name: str
    zip_bytes: int
    """What it adds to a zip."""
    unzipped_bytes: int
    requires: frozenset[str] = frozenset()
    """Names of other parts."""
    changes_often: bool = False
    """Whether it changes often: then it goes up, where a new version republishes the least."""


@dataclass(frozen=True, kw_only=True)
class SplitLimits:
    """What the new layers may take."""

    zip_bytes: int
    unzipped_bytes: int
    """Both of each layer."""
    total_bytes: int
    """Unzipped, of all together."""
    layers: int
    """How many at most."""


@dataclass(frozen=True, kw_only=True)
class CannotSplit:
    """Why no split fits."""

    reason: str
    culprits: tuple[MeasuredDistribution, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Unit:
    """Parts that require each other in a circle, and so stay together."""

    parts: tuple[MeasuredDistribution, ...]
    below: frozenset[int] = field(default=frozenset())
    """Indexes of the units that it requires, directly or not."""

    @property
    def zip_bytes(self) -> int:
        return sum(part.zip_bytes for part in self.parts)

    @property
    def unzipped_bytes(self) -> int:
        return sum(part.unzipped_bytes for part in self.parts)

    @property
    def changes_often(self) -> bool:
        return any(part.changes_often for part in self.parts)


class _Room:
    """What is free in each of the new layers."""

    def __init__(self, limits: SplitLimits, count: int) -> None:
        self._zip = [limits.zip_bytes] * count
        self._unzipped = [limits.unzipped_bytes] * count

    def __len__(self) -> int:
        return len(self._zip)

    def fits(self, unit: _Unit, level: int) -> bool:
        return unit.zip_bytes <= self._zip[level] and unit.unzipped_bytes <= self._unzipped[level]

    def take(self, unit: _Unit, level: int) -> None:
        self._zip[level] -= unit.zip_bytes
        self._unzipped[level] -= unit.unzipped_bytes

    def give_back(self, unit: _Unit, level: int) -> None:
        self._zip[level] += unit.zip_bytes
        self._unzipped[level] += unit.unzipped_bytes


def limits_of(layer: Layer, stacks: Sequence[Stack]) -> SplitLimits:
    """See what a layer's functions leave for it: places among five, and bytes."""
    loading = [stack for stack in stacks if layer.key in {other.key for other in stack.layers}]
    others = [len(stack.layers) - 1 + len(stack.external) for stack in loading]
    taken = [
        stack.reserve + sum(other.unzipped_bytes for other in stack.external) for stack in loading
    ]
    allowed = {limit.kind: limit.allowed for limit in layer.budget.limits}
    total = UNZIPPED_BYTES - max(taken, default=0)
    return SplitLimits(
        # A little less than allowed: what is shared between members compresses apart.
        zip_bytes=int(allowed.get("zip", total) * 0.98),
        unzipped_bytes=allowed["unzipped"],
        total_bytes=total,
        layers=LAYERS_PER_FUNCTION - max(others, default=0),
    )


def place_distributions(
    parts: Sequence[MeasuredDistribution], limits: SplitLimits
) -> list[list[MeasuredDistribution]] | CannotSplit:
    """Place every part; gives the layers from the lowest up, or says why that cannot be."""
    total = sum(part.unzipped_bytes for part in parts)
    if total > limits.total_bytes:
        heaviest = sorted(parts, key=lambda part: -part.unzipped_bytes)[:10]
        return CannotSplit(
            reason=f"together they unzip to {mib(total)}, and {mib(limits.total_bytes)} are free",
            culprits=tuple(heaviest),
        )
    units = _units(parts)
    for unit in units:
        for takes, allowed, kind in (
            (unit.zip_bytes, limits.zip_bytes, "zipped"),
            (unit.unzipped_bytes, limits.unzipped_bytes, "unzipped"),
        ):
            if takes > allowed:
                names = ", ".join(part.name for part in unit.parts)
                return CannotSplit(
                    reason=f"{names} alone takes {mib(takes)} {kind}, and a layer may have"
                    f" {mib(allowed)}",
                    culprits=unit.parts,
                )
    fewest = max(1, -(-sum(unit.zip_bytes for unit in units) // limits.zip_bytes))
    for count in range(fewest, limits.layers + 1):
        levels = _place(units, limits, count)
        if levels is not None:
            layers: list[list[MeasuredDistribution]] = [[] for _ in range(count)]
            for index, level in levels.items():
                layers[level] += units[index].parts
            return [sorted(layer, key=lambda part: part.name) for layer in layers if layer]
    return CannotSplit(
        reason=f"no way was found to put them into {limits.layers} layers of {mib(limits.zip_bytes)}"
        f" zipped and {mib(limits.unzipped_bytes)} unzipped with each below what needs it",
        culprits=tuple(sorted(parts, key=lambda part: -part.zip_bytes)[:10]),
    )


def _place(units: Sequence[_Unit], limits: SplitLimits, count: int) -> dict[int, int] | None:
    """Give a level to each unit, or None."""
    request = sorted(range(len(units)), key=lambda i: -units[i].zip_bytes)
    heavy = sorted(request[:EXACT], key=lambda i: (len(units[i].below), i))
    light = sorted(request[EXACT:], key=lambda i: (len(units[i].below), i))
    above = {i: [j for j in range(len(units)) if i in units[j].below] for i in range(len(units))}
    for levels in islice(_search(units, heavy, limits, count), _MOST_TRIES):
        if _first_fit(units, light, above, levels, _Room(limits, count)):
            return levels
    levels = _in_turn(units, limits)
    return levels if max(levels.values(), default=0) < count else None


def _in_turn(units: Sequence[_Unit], limits: SplitLimits) -> dict[int, int]:
    """Fill one layer after the other in an order in which nothing comes before what it needs."""
    levels: dict[int, int] = {}
    level, room = 0, _Room(limits, len(units))
    for index in sorted(range(len(units)), key=lambda i: (len(units[i].below), i)):
        if not room.fits(units[index], level):
            level += 1
        levels[index] = level
        room.take(units[index], level)
    return levels


def _search(
    units: Sequence[_Unit], request: Sequence[int], limits: SplitLimits, count: int
) -> Iterator[dict[int, int]]:
    """Yield the placements of some units that fit, those first that put the restless up."""
    room = _Room(limits, count)
    levels: dict[int, int] = {}
    steps = 0

    def place(position: int) -> Iterator[dict[int, int]]:
        nonlocal steps
        steps += 1
        if steps > _MOST_STEPS:
            return
        if position == len(request):
            yield dict(levels)
            return
        index = request[position]
        unit = units[index]
        lowest = max((levels[i] for i in unit.below if i in levels), default=0)
        choices = range(lowest, count)
        for level in reversed(choices) if unit.changes_often else choices:
            if room.fits(unit, level):
                room.take(unit, level)
                levels[index] = level
                yield from place(position + 1)
                del levels[index]
                room.give_back(unit, level)

    yield from place(0)


def _first_fit(
    units: Sequence[_Unit],
    request: Sequence[int],
    above: Mapping[int, Collection[int]],
    levels: dict[int, int],
    room: _Room,
) -> bool:
    """Add the light units to a placement, each between what it needs and what needs it."""
    for index, level in levels.items():
        room.take(units[index], level)
    for index in request:
        unit = units[index]
        lowest = max((levels[i] for i in unit.below if i in levels), default=0)
        highest = min((levels[i] for i in above[index] if i in levels), default=len(room) - 1)
        choices = range(lowest, highest + 1)
        for level in reversed(choices) if unit.changes_often else choices:
            if room.fits(unit, level):
                room.take(unit, level)
                levels[index] = level
                break
        else:
            return False
    return True


def _units(parts: Sequence[MeasuredDistribution]) -> list[_Unit]:
    """Join parts that require each other; order units so that each comes after what it needs."""
    reach = _reach({part.name: part.requires for part in parts})
    by_name = {part.name: part for part in parts}
    groups: list[tuple[MeasuredDistribution, ...]] = []
    seen: set[str] = set()
    for name in sorted(by_name, key=lambda name: (len(reach[name]), name)):
        if name not in seen:
            circle = {name} | {other for other in reach[name] if name in reach[other]}
            seen |= circle
            groups.append(tuple(by_name[member] for member in sorted(circle)))
    place = {part.name: index for index, group in enumerate(groups) for part in group}
    return [
        _Unit(
            parts=group,
            below=frozenset(place[name] for part in group for name in reach[part.name]) - {index},
        )
        for index, group in enumerate(groups)
    ]


def _reach(requires: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """List for each name all that it requires, directly or not."""
    reachable: dict[str, set[str]] = {}
    for name in requires:
        reached: set[str] = set()
        queue = [other for other in requires[name] if other in requires]
        while queue:
            other = queue.pop()
            if other not in reached:
                reached.add(other)
                queue += [more for more in requires[other] if more in requires]
        reachable[name] = reached
    return reachable
