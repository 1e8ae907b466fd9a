"""Advice on layers that functions load together: what one of them holds once more, and what none needs."""

from collections.abc import Iterator, Mapping, Sequence

from layer_builder.advice.layer_files import package_weights, total
from layer_builder.model import Advice, Built, Layer, Package, Stack

_NAMED = 5


def repeated_advice(
    layer: Layer, built: Mapping[str, Built], stacks: Sequence[Stack]
) -> Iterator[Advice]:
    """Tell a layer of distributions that layers below it hold, too.

    Below are those that come before it in each function that loads it: `requires:` of others would
    ask functions for layers that they do not have.
    """
    mine = built[layer.id].details
    lower = [
        other
        for other in _always_below(layer, stacks)
        if other.id in built and other.key not in layer.requires
    ]
    held = {other.key: _common(mine.packages, built[other.id]) for other in lower}
    needed: dict[str, Package] = {}
    keys = []
    for key, packages in held.items():
        if packages.keys() - needed.keys():
            keys.append(key)
            needed |= packages
    if not keys:
        return
    weights = package_weights(built[layer.id])
    gain = total(weights[name] for name in needed)
    more = len(needed) - _NAMED
    names = ", ".join(sorted(needed)[:_NAMED]) + (f" and {more} more" if more > 0 else "")
    if len(needed) == len(mine.packages) and not mine.included_bytes:
        for stack in stacks:
            if layer in stack.layers:
                others = [one.key for one in stack.layers if one != layer]
                yield Advice(
                    line=f"layers: [{', '.join(others)}]",
                    text=f"of function {stack.key}: {', '.join(keys)} holds all that {layer.key}"
                    f" does ({names})",
                    gain=gain,
                )
        return
    yield Advice(
        line=f"requires: [{', '.join([*layer.requires, *keys])}]",
        text=f"{', '.join(keys)} holds {names}, too, in each function that loads it",
        gain=gain,
    )


def _always_below(layer: Layer, stacks: Sequence[Stack]) -> list[Layer]:
    having = [stack.layers for stack in stacks if layer in stack.layers]
    if not having:
        return []
    below = [layers[: layers.index(layer)] for layers in having]
    return [one for one in below[0] if all(one in others for others in below)]


def _common(packages: Sequence[Package], other: Built) -> dict[str, Package]:
    versions = {one.name: one.version for one in other.details.packages}
    return {one.name: one for one in packages if versions.get(one.name) == one.version}
