"""The company of a layer: what Lambda loads together with it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Layer, Stack, required_layers


@dataclass(frozen=True, kw_only=True)
class Company:
    """Layers that are loaded together, and the function that loads them."""

    layers: tuple[Layer, ...]
    function: Stack | None = None
    """None for layers that only require one another."""


def companies_of(
    layer: Layer, layers: Mapping[str, Layer], stacks: Sequence[Stack]
) -> list[Company]:
    """List the company that a layer is in: its functions, the layers that require it, or its own.

    `layers` has all that it may be loaded with, by id.
    """
    requires = {one.key: one.requires for one in layers.values() if one.target == layer.target}

    def standing(top: str) -> Company:
        ids = (replace(layer, key=key).id for key in (*required_layers(top, requires), top))
        return Company(layers=tuple(layers[one] for one in ids if one in layers))

    loading = [
        Company(layers=stack.layers, function=stack)
        for stack in stacks
        if layer.id in {one.id for one in stack.layers}
    ]
    above = [standing(key) for key in requires if layer.key in required_layers(key, requires)]
    return [*loading, *above] or [standing(layer.key)]
