"""The keys of a run's layers: digests of what decides their bytes, and of what proves them."""

from collections.abc import Collection, Mapping, Sequence

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import (
    UNPROVEN,
    Layer,
    Stack,
    content_mark,
    proof_mark,
    stamp_key,
    tied_layers,
)
from layer_builder.resolve import Resolved
from layer_builder.stack_services import versions_beside


@dataclass(frozen=True, kw_only=True)
class ProvenStack:
    """A function, or a layer that no function has, and what proves it besides its layers."""

    stack: Stack
    evidence: Sequence[object]
    """JSON-ready."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """What a run could not show of its layers, by their ids."""

    unproven: frozenset[str]
    """Not isolated, not without a warning, or by another job."""
    lacking: Mapping[str, frozenset[str]]
    """The labels of targets that there was no Python for."""

    def lacking_of(self, ids: frozenset[str]) -> frozenset[str]:
        """Give those of a group."""
        return frozenset[str]().union(*(self.lacking.get(one, frozenset()) for one in ids))


def resolved_contents(resolved: Mapping[str, Resolved], stacks: Sequence[Stack]) -> dict[str, str]:
    """Digest what decides the bytes of layers, by layer id: known before anything is installed.

    Where the content key of a build has what distributions of other layers ask for, this has the
    versions of those, which decide that.
    """
    return {
        layer_id: content_mark(
            item.request.content_key(item.own.text, item.elsewhere.text, *item.foundation),
            versions_beside(layer_id, resolved, stacks),
        )
        for layer_id, item in resolved.items()
    }


def taken_up_content(request: str, sha256: str) -> str:
    """Digest what is known of a layer that another job built: what was asked for, and its bytes.

    Which versions it was resolved to its record says alone, which nobody signed. So this is the
    content mark of no layer that is resolved: who resolves it builds it.
    """
    return content_mark("taken up", request, sha256)


@dataclass(frozen=True, kw_only=True)
class Marks:
    """What stamps say of the layers of a run."""

    layers: Sequence[Layer]
    contents: Mapping[str, str]
    """Content marks by layer id."""
    stacks: Sequence[ProvenStack] = ()
    ties: Sequence[Stack] = ()
    """All functions of the manifest: they tell which layers are built and proven together."""

    def by_name(self) -> dict[str, list[Layer]]:
        """Group layers by their names on AWS: one group is one layer version."""
        names: dict[str, list[Layer]] = {}
        for layer in self.layers:
            names.setdefault(layer.name, []).append(layer)
        return names

    def groups(self) -> list[frozenset[str]]:
        """List the layer ids that are built and proven together, or not at all.

        Layers that have to agree on versions, and those that share a name.
        """
        found: list[frozenset[str]] = []
        tied = tied_layers(self.layers, self.ties)
        named = [frozenset(layer.id for layer in members) for members in self.by_name().values()]
        for ids in (*tied.values(), *named):
            joined = ids.union(*(group for group in found if group & ids))
            found = [*(group for group in found if not group & ids), joined]
        return found

    def content(self, members: Sequence[Layer]) -> str:
        """Give the content mark of a layer version; `members` are those that share its name."""
        marks = sorted(self.contents[layer.id] for layer in members)
        # A version does not tell whether its licence is the manifest's word or its distributions'.
        words = [layer.license for layer in members if layer.license]
        return marks[0] if len(marks) == 1 and not words else content_mark(*marks, *words[:1])

    def by_layer(self, ids: Collection[str]) -> dict[str, str]:
        """Give the content marks of the layer versions that these layers are, by layer id."""
        return {
            layer.id: self.content(members)
            for members in self.by_name().values()
            for layer in members
            if all(one.id in ids for one in members)
        }

    def proof(self, ids: frozenset[str], lacking: frozenset[str] = frozenset()) -> str:
        """Digest all that proves a group of layers, and the limits and licences that they were held against.

        `lacking` are labels of targets that there was no Python for.
        """
        members = [layer for layer in self.layers if layer.id in ids]
        weighed = [
            [
                *(layer.id, self.contents.get(layer.id), layer.budget.warn_at),
                [[limit.kind, limit.allowed] for limit in layer.budget.limits],
                *([layer.licences.key] if layer.licences else ()),
            ]
            for layer in members
        ]
        return proof_mark(
            weighed,
            sorted(lacking & {layer.target.label for layer in members}),
            [self._proven(item) for item in self.stacks if ids & _ids(item.stack)],
        )

    def key(self, members: Sequence[Layer], shown: Shown) -> str:
        """Write the key of a layer version, by what was shown in a run."""
        mine = next(group for group in self.groups() if members[0].id in group)
        marks = (
            UNPROVEN if ids & shown.unproven else self.proof(ids, shown.lacking_of(ids))
            for ids in (mine, self.everything)
        )
        return stamp_key(self.content(members), *marks)

    @property
    def everything(self) -> frozenset[str]:
        """The ids of all layers."""
        return frozenset(layer.id for layer in self.layers)

    def _proven(self, item: ProvenStack) -> list[object]:
        stack = item.stack
        return [
            [[layer.id, self.contents.get(layer.id)] for layer in stack.layers],
            [[layer.arn, layer.unzipped_bytes] for layer in stack.external],
            stack.reserve,
            item.evidence,
        ]


def _ids(stack: Stack) -> frozenset[str]:
    return frozenset(layer.id for layer in stack.layers)
