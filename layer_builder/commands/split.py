"""Proposes how to split a layer that is too large: measures it, places its distributions."""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from layer_builder.archive import OutputDir
from layer_builder.builder import LowerLayers
from layer_builder.commands import load
from layer_builder.commands.context import Context
from layer_builder.errors import ManifestError, Place, did_you_mean
from layer_builder.inputs import Inputs
from layer_builder.manifest import Manifest, format_layers, replace_layer
from layer_builder.model import Layer, counted, mib
from layer_builder.outcome import Outcome
from layer_builder.resolve import Resolved, group_layers, resolve_group
from layer_builder.sources import Requirements
from layer_builder.split import (
    CannotSplit,
    MeasuredDistribution,
    limits_of,
    new_entries,
    no_split_error,
    place_distributions,
)


def split_layer(
    inputs: Inputs, context: Context, outcome: Outcome, *, key: str, write: bool
) -> str:
    """Propose the fewest layers for one; gives the proposal, and writes it if that is wanted.

    Raises ManifestError for a layer that is not there, LimitError when no split fits.
    """
    outcome.manifest = manifest = load.read(inputs, context.workspace)
    layer = _layer(manifest, key)
    requests = load.requests(outcome, context.workspace, context.installer, context.reporter)
    group = next(
        group
        for group in group_layers(requests, manifest.ties)
        if layer.id in {request.layer.id for request in group.requests}
    )
    resolved = resolve_group(group, context.installer, load.lock_of(inputs, context.workspace))
    asked = resolved[layer.id].request.requirements
    parts = _measure(layer, resolved, asked, context)
    levels = place_distributions(parts, limits_of(layer, manifest.stacks))
    if isinstance(levels, CannotSplit):
        raise no_split_error(levels, layer)
    if len(levels) <= 1:
        return f"# {key} fits as it is\n"
    # Where the manifest is a link, what it leads to is rewritten.
    path = Path(os.path.realpath(inputs.manifest))
    text = context.workspace.load(path)
    entries = new_entries(text, key, levels, asked.lines)
    summary = "".join(
        f"# {name}: {counted(len(level), 'distribution')}, about {mib(sum(p.zip_bytes for p in level))} zipped,"
        f" {mib(sum(p.unzipped_bytes for p in level))} unzipped\n"
        for name, level in zip(entries, levels, strict=True)
    )
    if write:
        context.workspace.write(path, replace_layer(text, key, entries))
    return summary + format_layers(entries)


def _layer(manifest: Manifest, key: str) -> Layer:
    for layer in manifest.layers:
        if layer.key == key:
            return layer
    raise ManifestError.because(
        f"there is no layer {key!r}",
        place=Place(file=manifest.file),
        advice=did_you_mean(key, {layer.key for layer in manifest.layers}),
    )


def _measure(
    layer: Layer,
    resolved: Mapping[str, Resolved],
    asked: Requirements,
    context: Context,
) -> list[MeasuredDistribution]:
    """Build the layer, and see what each distribution takes after pruning."""
    requires = context.installer.requires(asked, layer.target, layer.build)
    settled = context.installer.settled(asked, layer.target, layer.build)
    with context.scratch.folder() as folder:
        builder = replace(context.builder(OutputDir(folder=folder / "built")), stops_early=False)
        lower = LowerLayers(folder=folder)
        below = [
            lower.of(builder.build(resolved[name], keep=lower.place(name)))
            for name in resolved[layer.id].below
        ]
        packages = builder.build(resolved[layer.id], lambda: below).record.details.packages
    return [
        MeasuredDistribution(
            name=package.name,
            zip_bytes=package.bytes_zipped,
            unzipped_bytes=package.bytes_kept,
            requires=requires.get(package.name, frozenset()),
            changes_often=bool(settled) and settled.get(package.name) != package.version,
        )
        for package in packages
    ]
