"""Recognises layers that need no build: AWS has them, proven, in every region, by their stamps."""

from collections.abc import Callable, Mapping, Sequence

from layer_builder.identity.marks import Marks
from layer_builder.identity.provenance import Provenance
from layer_builder.model import (
    KnownLayer,
    Layer,
    Pin,
    Releasable,
    Stamp,
    VersionSummary,
)
from layer_builder.publish import Listed


def recognise(  # noqa: PLR0913, PLR0917 (what is compared with what)
    marks: Marks,
    provenance: Provenance,
    listed: Listed,
    regions: Sequence[str],
    pins: Mapping[str, Sequence[Pin]],
    lacking: Callable[[], frozenset[str]],
) -> dict[str, KnownLayer]:
    """Find the layers that were published and proven as they would be now, by layer id.

    Args:
        marks: what their stamps would say.
        provenance: whose they are.
        listed: what the regions have.
        regions: where they are to be.
        pins: their distributions, by layer id.
        lacking: gives the labels of targets that there is no Python for here; asked for when a layer
            may have been published without.

    A group of layers that are proven together is known as a whole, or not at all: each layer's
    newest version has its content, and one of the versions tells of the proof.
    """
    known: dict[str, Stamp] = {}
    for members in marks.by_name().values():
        stamp = _known_stamp(marks, members, provenance.owner, listed, regions)
        if stamp:
            known |= {layer.id: stamp for layer in members}
    groups = [group for group in marks.groups() if group <= known.keys()]
    of_runs = {stamp.proofs[1] for stamp in known.values()}

    def is_proven(group: frozenset[str], labels: frozenset[str]) -> bool:
        of_group = {known[layer_id].proofs[0] for layer_id in group}
        return (
            marks.proof(group, labels) in of_group
            or marks.proof(marks.everything, labels) in of_runs
        )

    proven = [group for group in groups if is_proven(group, frozenset())]
    left = [group for group in groups if group not in proven]
    labels = lacking() if left else frozenset[str]()
    checked = [group for group in left if labels and is_proven(group, labels)]
    found = frozenset[str]().union(*proven, *checked)
    without_python = frozenset[str]().union(*checked)
    return {
        layer.id: KnownLayer(
            layer=layer,
            stamp=known[layer.id],
            pins=tuple(pins.get(layer.id, ())),
            without_python=layer.id in without_python,
        ).serving(members)
        for members in marks.by_name().values()
        for layer in members
        if layer.id in found
    }


def _known_stamp(
    marks: Marks,
    members: Sequence[Layer],
    owner: str,
    listed: Listed,
    regions: Sequence[str],
) -> Stamp | None:
    """Give the stamp of a layer's newest versions; None unless all are what would be published."""
    if any(layer.id not in marks.contents for layer in members):
        return None
    wanted = Releasable(layer=members[0]).serving(members)
    newest = [listed.newest(region, members[0].name) for region in regions]
    stamps = [_stamp_of(version, wanted) for version in newest]
    content = marks.content(members)
    if all(stamp and (stamp.content, stamp.owner) == (content, owner) for stamp in stamps):
        return stamps[0]
    return None


def _stamp_of(version: VersionSummary | None, wanted: Releasable) -> Stamp | None:
    return version.stamp if version and version.is_described_as(wanted) else None
