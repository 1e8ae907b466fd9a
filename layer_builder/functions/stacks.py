"""Which stacks are proven: those of functions, and those of layers that no function has."""

from collections.abc import Sequence
from dataclasses import replace

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import (
    Layer,
    ProofDepth,
    Stack,
    required_layers,
)


@dataclass(frozen=True, kw_only=True)
class StackToProve:
    """A stack, and what to call it."""

    stack: Stack
    title: str
    """`function api`, or `layer shared-code` where no function has it."""

    @property
    def importing(self) -> tuple[Layer, ...]:
        """The layers whose own modules are imported: nobody asked to run nothing of them."""
        unproven = {ProofDepth.STATIC, ProofDepth.OFF}
        return tuple(layer for layer in self.stack.layers if layer.proof not in unproven)


def stacks_to_prove(
    layers: Sequence[Layer], functions: Sequence[Stack], ties: Sequence[Stack]
) -> list[StackToProve]:
    """List the functions of a run, and for each layer that no function has, what it requires.

    `ties` are all functions of the manifest: a layer that one of them has is proven with it, or not
    in this run.
    """
    in_functions = {layer.id for stack in ties for layer in stack.layers}
    by_id = {layer.id: layer for layer in layers}
    requires = {layer.key: layer.requires for layer in layers}
    found = [
        StackToProve(stack=stack, title=f"function {stack.key}")
        for stack in functions
        if stack.settings.is_tried or stack.settings.code or any(o.include for o in stack.layers)
    ]
    for layer in layers:
        if layer.id in in_functions or not layer.include:
            continue
        below = (replace(layer, key=key).id for key in required_layers(layer.key, requires))
        members = (*(by_id[name] for name in reversed(list(below)) if name in by_id), layer)
        stack = Stack(
            key=layer.key, function_name=None, layers=members, reserve=0, place=layer.place
        )
        found.append(StackToProve(stack=stack, title=f"layer {layer.key}"))
    return found
