"""Layers as this run has them: built, known by their stamps, or resolved only."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from layer_builder.changes import LayerSnapshot
from layer_builder.model import Built, KnownLayer, Layer, Pin, Releasable
from layer_builder.outcome import Outcome


def snapshot_of(found: Built | KnownLayer) -> LayerSnapshot:
    """Tell of a layer what its build, or its stamp, says of it."""
    snapshot = _asked(found)
    if isinstance(found, KnownLayer):
        return replace(
            snapshot.with_pins(found.pins),
            content=found.stamp.content if found.stamp else None,
        )
    return replace(
        snapshot.with_packages(found.details.packages),
        zip_bytes=found.archive.weight.zip_bytes,
        unzipped_bytes=found.archive.weight.unzipped_bytes,
        sha256=found.archive.sha256,
    )


def planned_snapshots(
    outcome: Outcome, pins: Mapping[str, Iterable[Pin]], contents: Mapping[str, str]
) -> dict[str, LayerSnapshot]:
    """Tell of layers that were only resolved, by id; `contents` are marks of layer versions, by name."""
    members: dict[str, list[Layer]] = {}
    for layer in outcome.layers:
        members.setdefault(layer.name, []).append(layer)
    return {
        layer.id: replace(
            _asked(Releasable(layer=layer).serving(members[layer.name])).with_pins(pins[layer.id]),
            content=contents.get(layer.name),
        )
        for layer in outcome.layers
        if layer.id in pins
    }


def _asked(found: Releasable) -> LayerSnapshot:
    permissions = found.layer.delivery.permissions
    return LayerSnapshot(
        runtimes=tuple(found.runtimes),
        architectures=tuple(found.architectures),
        permissions=permissions.names if permissions else None,
    )
