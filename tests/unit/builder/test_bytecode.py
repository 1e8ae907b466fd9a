from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.bytecode import modes as bytecode
from layer_builder.errors import Place
from layer_builder.model import limits
from layer_builder.model.build import Built, PackedModules
from layer_builder.model.layer import Layer
from layer_builder.model.limits import MIB, Budget
from layer_builder.model.settings import Bytecode
from layer_builder.model.stack import ExternalLayer, Stack

PATHS = ["b.py", "a/__init__.py", "a/data.json", "a/x.so"]


@pytest.mark.parametrize(
    ("mode", "sources"),
    [
        (PackedModules.NONE, []),
        (PackedModules.IMPORTED, ["b.py"]),
        (PackedModules.LOADED, ["b.py"]),
        (PackedModules.ALL, ["a/__init__.py", "b.py"]),
    ],
)
def test_modules_are_picked_by_mode(mode: PackedModules, sources: list[str]) -> None:
    assert bytecode.sources_of(mode, PATHS, {"b.py", "a/x.so", "below.py"}) == sources


def test_auto_tries_the_most_first() -> None:
    assert bytecode.packed_modes(Bytecode.AUTO) == (
        PackedModules.ALL,
        PackedModules.IMPORTED,
        PackedModules.NONE,
    )
    assert bytecode.packed_modes(Bytecode.ALL) == (PackedModules.ALL,)


def test_a_zip_fits_below_warn_at_of_every_limit(
    layer: Callable[..., Layer], built: Callable[..., Built]
) -> None:
    asked = layer(budget=Budget(warn_at=0.8))
    sent = layer(budget=Budget(warn_at=0.8, through_s3=True))
    fits = built(zip_bytes=39 * MIB, unzipped_bytes=199 * MIB).archive
    assert bytecode.fits(asked, fits)
    assert not bytecode.fits(asked, built(zip_bytes=40 * MIB).archive)
    assert bytecode.fits(sent, built(zip_bytes=40 * MIB).archive)
    assert not bytecode.fits(sent, built(unzipped_bytes=200 * MIB).archive)


def stack(layers: list[Layer], reserve: int = 0) -> Stack:
    return Stack(
        key="f",
        function_name=None,
        layers=tuple(layers),
        reserve=reserve,
        place=Place(file="layers.yml"),
        external=(ExternalLayer(arn="arn", unzipped_bytes=10 * MIB),),
    )


def test_a_stack_gives_up_what_saves_most(layer: Callable[..., Layer]) -> None:
    one, two = layer("one"), layer("two")
    sizes = {"one": [90 * MIB, 85 * MIB, 80 * MIB], "two": [110 * MIB, 90 * MIB, 85 * MIB]}
    builds = {one.id: "one", two.id: "two"}
    assert bytecode.choose(sizes, [], builds) == {"one": 0, "two": 0}
    assert bytecode.choose(sizes, [stack([one, two])], builds) == {"one": 0, "two": 1}
    assert bytecode.choose(sizes, [stack([one, two], 16 * MIB)], builds) == {"one": 1, "two": 2}
    assert bytecode.choose(sizes, [stack([one, two], 99 * MIB)], builds) == {"one": 2, "two": 2}


@given(
    sizes=st.lists(
        st.lists(st.integers(0, 150), min_size=1, max_size=3).map(
            lambda values: sorted((v * MIB for v in values), reverse=True)
        ),
        min_size=1,
        max_size=4,
    ),
    warn_at=st.sampled_from([0.5, 0.8, 1.0]),
)
def test_a_stack_is_below_warn_at_or_carries_the_least(
    layer: Callable[..., Layer], sizes: list[list[int]], warn_at: float
) -> None:
    layers = [
        replace(layer(str(index)), budget=Budget(warn_at=warn_at)) for index in range(len(sizes))
    ]
    by_build = {one.key: size for one, size in zip(layers, sizes, strict=True)}
    chosen = bytecode.choose(by_build, [stack(layers)], {one.id: one.key for one in layers})
    used = sum(by_build[build][step] for build, step in chosen.items()) + 10 * MIB
    least = all(step == len(by_build[build]) - 1 for build, step in chosen.items())
    assert used < warn_at * limits.UNZIPPED_BYTES or least
