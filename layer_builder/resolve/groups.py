"""Families: layers that have to agree on versions, since something loads them together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from layer_builder.model import stack
from layer_builder.model.stack import Stack
from layer_builder.sources import requirements
from layer_builder.sources.request import LayerRequest
from layer_builder.sources.requirements import Requirements


@dataclass(frozen=True, kw_only=True)
class Family:
    """Layers for one target that share a function, or require one another."""

    orders: tuple[LayerRequest, ...]
    stacks: tuple[Stack, ...] = ()
    """The functions that load them."""

    @property
    def keys(self) -> list[str]:
        """The layers' keys."""
        return [order.layer.key for order in self.orders]

    @property
    def asked(self) -> Requirements:
        """What they ask for together."""
        return requirements.together(order.requirements for order in self.orders)


def families(orders: Sequence[LayerRequest], stacks: Iterable[Stack]) -> list[Family]:
    """Group layers that have to agree on versions."""
    loading = tuple(stacks)
    group = stack.tied([order.layer for order in orders], loading)
    found: dict[str, list[LayerRequest]] = {}
    for order in orders:
        found.setdefault(min(group[order.layer.id]), []).append(order)
    plain = [Family(orders=tuple(members)) for members in found.values()]
    return [
        Family(
            orders=tuple(order.resolved_with(family.asked) for order in family.orders),
            stacks=tuple(
                function
                for function in loading
                if {layer.id for layer in function.layers} & {o.layer.id for o in family.orders}
            ),
        )
        for family in plain
    ]
