"""Layers as this run has them: built, known by their stamps, or resolved only."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from layer_builder.changes import LayerSnapshot
from layer_builder.model import Built, KnownLayer, Layer, Pin, Releasable
from layer_builder.outcome import Outcome


def snapshot_of(outcome: Outcome, found: Built | KnownLayer) -> LayerSnapshot:
    """Tell of a layer what its build, or its stamp, says of it."""
    snapshot = replace(_asked(found), content=outcome.contents.get(found.layer.id))
    if isinstance(found, KnownLayer):
        # Publishing reads the policy of its version, and tells what it lacks.
        return replace(snapshot.with_pins(found.pins), permissions=None)
    return replace(
        snapshot.with_packages(found.details.packages),
        zip_bytes=found.archive.weight.zip_bytes,
        unzipped_bytes=found.archive.weight.unzipped_bytes,
        sha256=found.archive.sha256,
    )


def planned_snapshots(
    outcome: Outcome, pins: Mapping[str, Iterable[Pin]]
) -> dict[str, LayerSnapshot]:
    """Tell of layers that were only resolved, by id."""
    members: dict[str, list[Layer]] = {}
    for layer in outcome.layers:
        members.setdefault(layer.name, []).append(layer)
    return {
        layer.id: replace(
            _asked(Releasable(layer=layer).serving(members[layer.name])).with_pins(pins[layer.id]),
            content=outcome.contents.get(layer.id),
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
