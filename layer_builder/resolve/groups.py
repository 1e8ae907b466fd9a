"""Families: layers that have to agree on versions, since something loads them together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from layer_builder.model import Stack, tied_layers
from layer_builder.sources import LayerRequest, Requirements, merge_requirements


@dataclass(frozen=True, kw_only=True)
class LayerGroup:
    """Layers for one target that share a function, or require one another."""

    requests: tuple[LayerRequest, ...]
    stacks: tuple[Stack, ...] = ()
    """The functions that load them."""

    @property
    def keys(self) -> list[str]:
        """The layers' keys."""
        return [request.layer.key for request in self.requests]

    @property
    def asked(self) -> Requirements:
        """What they ask for together."""
        return merge_requirements(request.requirements for request in self.requests)

    @property
    def as_written(self) -> Requirements:
        """The same, as it stands in their files."""
        return merge_requirements(request.as_written for request in self.requests)


def group_layers(requests: Sequence[LayerRequest], stacks: Iterable[Stack]) -> list[LayerGroup]:
    """Group layers that have to agree on versions."""
    loading = tuple(stacks)
    group = tied_layers([request.layer for request in requests], loading)
    members_of: dict[str, list[LayerRequest]] = {}
    for request in requests:
        members_of.setdefault(min(group[request.layer.id]), []).append(request)
    plain = [LayerGroup(requests=tuple(members)) for members in members_of.values()]
    return [
        LayerGroup(
            requests=tuple(
                request.resolved_with(group.as_written, group.asked.direct)
                for request in group.requests
            ),
            stacks=tuple(
                function
                for function in loading
                if {layer.id for layer in function.layers} & {o.layer.id for o in group.requests}
            ),
        )
        for group in plain
    ]
