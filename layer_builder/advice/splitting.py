"""Advice to split a layer, where the room that splits finds layers that fit."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from layer_builder.model import Advice, Built, Stack, Weight, mib
from layer_builder.split import CannotSplit, MeasuredDistribution, limits_of, place_distributions


def is_over_zip(built: Built) -> bool:
    """Tell whether a layer breaks the limit that splitting helps against."""
    return any(one.limit.kind == "zip" and one.is_over for one in built.readings)


def split_advice(
    built: Built, requires: Mapping[str, Collection[str]], stacks: Sequence[Stack]
) -> Iterator[Advice]:
    """Advise `split` with what the largest of the new layers takes; nothing where none fit."""
    parts = [
        MeasuredDistribution(
            name=one.name,
            zip_bytes=one.bytes_zipped,
            unzipped_bytes=one.bytes_kept,
            requires=frozenset(requires.get(one.name, ())),
        )
        for one in built.details.packages
    ]
    levels = place_distributions(parts, limits_of(built.layer, stacks))
    if isinstance(levels, CannotSplit) or len(levels) < 2:  # noqa: PLR2004 (one is what there is)
        return
    sizes = [sum(one.zip_bytes for one in level) for level in levels]
    yield Advice(
        line=f"layer-builder split {built.layer.key} --write",
        text=f"makes {len(levels)} layers of it, of {', '.join(map(mib, sizes))} zipped, and"
        " rewrites the manifest; a function unzips as much as before",
        gain=Weight(zip_bytes=built.archive.weight.zip_bytes - max(sizes), unzipped_bytes=0),
    )
