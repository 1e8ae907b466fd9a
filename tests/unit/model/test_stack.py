from collections.abc import Callable

import pytest

from layer_builder.errors import Place
from layer_builder.model.build import Built
from layer_builder.model.layer import Layer
from layer_builder.model.limits import MIB
from layer_builder.model.stack import Stack, weigh_stack

PLACE = Place(file="layers.yml", line=12, column=3)


@pytest.fixture
def stack(layer: Callable[..., Layer]) -> Callable[..., Stack]:
    return lambda *keys, reserve=0: Stack(
        key="api", function_name=None, layers=tuple(map(layer, keys)), reserve=reserve, place=PLACE
    )


def test_a_stack_weighs_what_its_layers_and_the_reserve_weigh(
    stack: Callable[..., Stack], built: Callable[..., Built]
) -> None:
    made = [built("a", unzipped_bytes=100), built("b", unzipped_bytes=20), built("c")]
    weight = weigh_stack(stack("b", "a", reserve=3), {one.layer.id: one for one in made})
    assert (dict(weight.shares), list(weight.shares)) == ({"a": 100, "b": 20}, ["b", "a"])
    assert (weight.used, weight.reading.headroom) == (123, 262_143_876)
    assert weight.problem() is None


def test_a_stack_one_byte_too_heavy_says_who_weighs_what(
    stack: Callable[..., Stack], built: Callable[..., Built]
) -> None:
    sizes = {"light": MIB, "heavy": 200 * MIB, "other": MIB}
    made = {b.layer.id: b for b in (built(key, unzipped_bytes=n) for key, n in sizes.items())}
    assert weigh_stack(stack(*sizes, reserve=48 * MIB - 1), made).problem() is None
    problem = weigh_stack(stack(*sizes, reserve=48 * MIB), made).problem()
    assert problem
    assert "\n".join(problem.lines()) == (
        "layers.yml:12:3: function api: its layers unzip to 250.0 MiB, 1 B"
        " over the 250.0 MiB that AWS allows a function and all its layers\n"
        "     200.0 MiB  heavy\n"
        "       1.0 MiB  light\n"
        "       1.0 MiB  other\n"
        "      48.0 MiB  reserve: for the function's own code\n"
        "  → take a layer out of the function, or drop distributions that it does not import\n"
        "  → what cannot fit 250 MiB runs as a container image (10 GiB)"
    )
