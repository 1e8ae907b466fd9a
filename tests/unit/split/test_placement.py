from collections.abc import Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.split.placement import (
    CannotSplit,
    MeasuredDistribution,
    SplitLimits,
    place_distributions,
)

ROOM = SplitLimits(zip_bytes=10, unzipped_bytes=1000, total_bytes=1000, layers=5)


def part(name: str, size: int, *requires: str, restless: bool = False) -> MeasuredDistribution:
    return MeasuredDistribution(
        name=name,
        zip_bytes=size,
        unzipped_bytes=2 * size,
        requires=frozenset(requires),
        changes_often=restless,
    )


def names(found: list[list[MeasuredDistribution]] | CannotSplit) -> list[list[str]]:
    assert not isinstance(found, CannotSplit), found
    return [[item.name for item in level] for level in found]


@st.composite
def graphs(draw: st.DrawFn, most: int) -> list[MeasuredDistribution]:
    """Draw parts with sizes and any requirements at all, circles and strangers included."""
    count = draw(st.integers(1, most))
    others = st.sets(st.sampled_from([*map(str, range(count)), "stranger"]), max_size=3)
    return [
        part(str(n), draw(st.integers(0, 10)), *draw(others), restless=draw(st.booleans()))
        for n in range(count)
    ]


def check(
    parts: Sequence[MeasuredDistribution],
    levels: Sequence[Sequence[MeasuredDistribution]],
    limits: SplitLimits,
) -> None:
    placed = [item.name for level in levels for item in level]
    assert sorted(placed) == sorted(item.name for item in parts)
    assert len(levels) <= limits.layers
    seen: set[str] = set()
    for level in levels:
        assert level
        assert sum(item.zip_bytes for item in level) <= limits.zip_bytes
        assert sum(item.unzipped_bytes for item in level) <= limits.unzipped_bytes
        seen |= {item.name for item in level}
        for item in level:
            assert item.requires & set(placed) <= seen


def optimum(parts: Sequence[MeasuredDistribution], limits: SplitLimits) -> int | None:
    """Try all placements; gives the fewest layers, None where there is none."""
    place = {item.name: index for index, item in enumerate(parts)}
    edges = [(n, place[r]) for n, item in enumerate(parts) for r in item.requires if r in place]
    for count in range(1, limits.layers + 1):
        for levels in product(range(count), repeat=len(parts)):
            if any(levels[upper] < levels[lower] for upper, lower in edges):
                continue
            packed, unpacked = [0] * count, [0] * count
            for level, item in zip(levels, parts, strict=True):
                packed[level] += item.zip_bytes
                unpacked[level] += item.unzipped_bytes
            if max(packed) <= limits.zip_bytes and max(unpacked) <= limits.unzipped_bytes:
                return count
    return None


@given(graphs(most=40), st.integers(1, 5), st.integers(10, 60), st.integers(20, 120))
def test_a_split_never_breaks_a_requirement_or_a_limit(
    parts: list[MeasuredDistribution], layers: int, size: int, unzipped: int
) -> None:
    limits = SplitLimits(zip_bytes=size, unzipped_bytes=unzipped, total_bytes=10_000, layers=layers)
    found = place_distributions(parts, limits)
    if isinstance(found, CannotSplit):
        assert found.reason
        assert found.culprits
    else:
        check(parts, found, limits)


@given(graphs(most=7), st.integers(3, 4), st.sampled_from([10, 12]))
def test_a_split_of_few_parts_takes_the_fewest_layers(
    parts: list[MeasuredDistribution], layers: int, size: int
) -> None:
    limits = SplitLimits(zip_bytes=size, unzipped_bytes=22, total_bytes=10_000, layers=layers)
    best = optimum(parts, limits)
    found = place_distributions(parts, limits)
    if isinstance(found, CannotSplit):
        assert best is None
    else:
        check(parts, found, limits)
        assert len(found) == best


@given(graphs(most=30))
def test_a_split_with_room_enough_is_always_found(parts: list[MeasuredDistribution]) -> None:
    whole = sum(item.zip_bytes for item in parts)
    assert (
        len(
            names(
                place_distributions(
                    parts,
                    SplitLimits(
                        zip_bytes=whole + 1, unzipped_bytes=9999, total_bytes=9999, layers=1
                    ),
                )
            )
        )
        == 1
    )


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([part("a", 6), part("b", 6, "a")], [["a"], ["b"]]),
        ([part("b", 6, "a"), part("a", 6)], [["a"], ["b"]]),
        ([part("a", 3, "b"), part("b", 3, "a"), part("c", 6)], [["c"], ["a", "b"]]),
        ([part("a", 10), part("b", 0)], [["a", "b"]]),
        ([part("a", 6), part("b", 6, restless=True)], [["a"], ["b"]]),
        ([part("a", 6, restless=True), part("b", 6)], [["b"], ["a"]]),
        ([part("a", 6, restless=True), part("b", 6, "a")], [["a"], ["b"]]),
        ([part("a", 5, "a"), part("b", 5, "elsewhere")], [["a", "b"]]),
    ],
)
def test_a_split_goes_along_the_requirements_with_the_restless_on_top(
    parts: list[MeasuredDistribution], expected: list[list[str]]
) -> None:
    assert names(place_distributions(parts, ROOM)) == expected


def test_many_small_parts_find_room_around_the_large_ones() -> None:
    large = [part(f"large{n}", 9) for n in range(4)]
    small = [part(f"small{n:02}", 1, "large0") for n in range(14)]
    limits = SplitLimits(zip_bytes=10, unzipped_bytes=9999, total_bytes=9999, layers=5)
    found = place_distributions([*large, *small], limits)
    assert not isinstance(found, CannotSplit)
    check([*large, *small], found, limits)
    assert len(found) == 5


@pytest.mark.parametrize(
    ("parts", "limits", "reason", "culprits"),
    [
        (
            [part("small", 1), part("large", 600)],
            ROOM,
            "together they unzip to 1.2 KiB, and 1000 B are free",
            ["large", "small"],
        ),
        (
            [part("small", 1), part("large", 11)],
            ROOM,
            "large alone takes 11 B zipped, and a layer may have 10 B",
            ["large"],
        ),
        (
            [part("small", 1), part("large", 8)],
            SplitLimits(zip_bytes=10, unzipped_bytes=15, total_bytes=1000, layers=5),
            "large alone takes 16 B unzipped, and a layer may have 15 B",
            ["large"],
        ),
        (
            [part("one", 6, "two"), part("two", 6, "one")],
            ROOM,
            "one, two alone takes 12 B zipped, and a layer may have 10 B",
            ["one", "two"],
        ),
        (
            [part(f"p{n}", 6 + n) for n in range(3)],
            SplitLimits(zip_bytes=10, unzipped_bytes=1000, total_bytes=1000, layers=2),
            "no way was found to put them into 2 layers of 10 B zipped and 1000 B"
            " unzipped with each below what needs it",
            ["p2", "p1", "p0"],
        ),
    ],
)
def test_what_cannot_be_split_says_why_and_who_is_to_blame(
    parts: list[MeasuredDistribution], limits: SplitLimits, reason: str, culprits: list[str]
) -> None:
    found = place_distributions(parts, limits)
    assert isinstance(found, CannotSplit)
    assert found.reason == reason
    assert [item.name for item in found.culprits] == culprits


def test_a_layers_own_limit_unzipped_is_that_of_each_new_layer() -> None:
    limits = SplitLimits(zip_bytes=100, unzipped_bytes=14, total_bytes=1000, layers=5)
    found = place_distributions([part("a", 6), part("b", 6, "a"), part("c", 1)], limits)
    assert names(found) == [["a", "c"], ["b"]]
