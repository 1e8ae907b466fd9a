"""Families: layers that have to agree on versions, since something loads them together."""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from layer_builder.errors import Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Layer, Resolution, Stack, tied_layers
from layer_builder.sources import LayerRequest, Requirements, merge_requirements

_LOG = logging.getLogger(__name__)
_MOST_NAMED = 8
"""Distributions in a line."""


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

    def taken_twice(self, own: Mapping[str, Resolution]) -> Iterator[Problem]:
        """Warn of what two layers of one function take from projects, and both hold.

        `own` has what each layer holds, by its id.
        """
        warned: set[tuple[str, str]] = set()
        for stack in self.stacks:
            taking = [one for one in stack.layers if one.project and one.id in own]
            for lower, upper in combinations(taking, 2):
                both = sorted(own[lower.id].versions.keys() & own[upper.id].versions.keys())
                if both and (lower.id, upper.id) not in warned:
                    warned.add((lower.id, upper.id))
                    yield _twice(stack, lower, upper, both)


def group_layers(requests: Sequence[LayerRequest], stacks: Iterable[Stack]) -> list[LayerGroup]:
    """Group layers that have to agree on versions."""
    loading = tuple(stacks)
    group = tied_layers([request.layer for request in requests], loading)
    members_of: dict[str, list[LayerRequest]] = {}
    for request in requests:
        members_of.setdefault(min(group[request.layer.id]), []).append(request)
    plain = [LayerGroup(requests=tuple(members)) for members in members_of.values()]
    for one in plain:
        why = "they require one another, or a function loads them" if one.requests[1:] else "alone"
        _LOG.debug("resolved together: %s (%s)", ", ".join(one.keys), why)
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


def _twice(stack: Stack, lower: Layer, upper: Layer, names: Sequence[str]) -> Problem:
    projects = dict.fromkeys(one.project.path for one in (lower, upper) if one.project)
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return Problem(
        message=f"of the distributions of the project {' and '.join(projects)} it holds"
        f" {len(names)} that layer {lower.key} holds, too, and function {stack.key} loads both layers",
        layer=upper.key,
        place=upper.project.place if upper.project else upper.place,
        details=(", ".join(names[:_MOST_NAMED]) + more,),
        advice=(
            f"say requires: [{lower.key}] in {upper.key}, so that what both need is in"
            f" {lower.key} alone",
            "or choose groups: and extras: that share nothing",
        ),
    )
