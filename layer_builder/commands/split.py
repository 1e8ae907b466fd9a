"""Proposes how to split a layer that is too large: measures it, places its distributions."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from layer_builder.archive.output_dir import OutputDir
from layer_builder.builder.scheduler import LowerLayers
from layer_builder.commands import load
from layer_builder.commands.context import Context
from layer_builder.errors import LimitError, ManifestError, Place, did_you_mean
from layer_builder.inputs import Inputs
from layer_builder.manifest import document, editor
from layer_builder.model import limits
from layer_builder.model.layer import Layer
from layer_builder.model.limits import mib
from layer_builder.outcome import Outcome
from layer_builder.resolve import resolver, splitting
from layer_builder.resolve.groups import group_layers
from layer_builder.resolve.splitting import CannotSplit, MeasuredDistribution, SplitLimits
from layer_builder.sources.requirements import Requirements

_REPLACED = frozenset(
    {"requirements", "packages", "uv", "include", "exclude", "imports", "requires"}
)


def split(inputs: Inputs, context: Context, outcome: Outcome, *, key: str, write: bool) -> str:
    """Propose the fewest layers for one; gives the proposal, and writes it if that is wanted.

    Raises ManifestError for a layer that is not there, LimitError when no split fits.
    """
    outcome.manifest = manifest = load.read(inputs, context.workspace)
    known = list(dict.fromkeys(layer.key for layer in manifest.layers))
    if key not in known:
        raise ManifestError.because(
            f"there is no layer {key!r}",
            place=Place(file=inputs.manifest),
            advice=did_you_mean(key, known),
        )
    layer = next(layer for layer in manifest.layers if layer.key == key)
    requests = load.requests(outcome, context.workspace, context.installer, context.reporter)
    group = next(
        group
        for group in group_layers(requests, manifest.ties)
        if layer.id in {request.layer.id for request in group.requests}
    )
    resolved = resolver.resolve(group, context.installer, load.lock_of(inputs))
    asked = resolved[layer.id].request.requirements
    parts = _measure(layer, resolved, asked, context)
    room = _room(layer, manifest.stacks)
    found = splitting.split(parts, room)
    if isinstance(found, CannotSplit):
        raise _cannot(found, layer)
    if len(found) < 2:  # noqa: PLR2004 (one layer is what there is already)
        return f"# {key} fits as it is\n"
    text = Path(inputs.manifest).read_text(encoding="utf-8-sig")
    entries = _entries(text, key, found, asked)
    told = "".join(
        f"# {name}: {len(level)} distributions, about {mib(sum(p.zip_bytes for p in level))} zipped,"
        f" {mib(sum(p.unzipped_bytes for p in level))} unzipped\n"
        for name, level in zip(entries, found, strict=True)
    )
    if write:
        Path(inputs.manifest).write_text(editor.replace_layer(text, key, entries), encoding="utf-8")
    return told + editor.format_layers(entries)


def _measure(
    layer: Layer,
    resolved: Mapping[str, resolver.Resolved],
    asked: Requirements,
    context: Context,
) -> list[MeasuredDistribution]:
    """Build the layer, and see what each distribution takes after pruning."""
    requires = context.installer.requires(asked, layer.target, layer.build)
    settled = context.installer.settled(asked, layer.target, layer.build)
    with context.scratch.folder() as folder:
        builder = context.builder(OutputDir(folder=folder / "shelf"), "split")
        grounds = LowerLayers(folder=folder)
        below = [
            grounds.of(builder.build(resolved[name], keep=grounds.place(name)))
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


def _room(layer: Layer, stacks: Sequence[Any]) -> SplitLimits:
    """See what a layer's functions leave for it: places among five, and bytes."""
    loading = [stack for stack in stacks if layer.key in {other.key for other in stack.layers}]
    others = [len(stack.layers) - 1 + len(stack.external) for stack in loading]
    taken = [
        stack.reserve + sum(other.unzipped_bytes for other in stack.external) for stack in loading
    ]
    allowed = {limit.kind: limit.allowed for limit in layer.budget.limits}
    unzipped = allowed["unzipped"] - max(taken, default=0)
    return SplitLimits(
        # A little less than allowed: what is shared between members compresses apart.
        zip_bytes=int(allowed.get("zip", unzipped) * 0.98),
        unzipped_bytes=unzipped,
        layers=limits.LAYERS_PER_FUNCTION - max(others, default=0),
    )


def _entries(
    text: str, key: str, levels: Sequence[Sequence[MeasuredDistribution]], asked: Requirements
) -> dict[str, dict[str, object]]:
    """Write the new layers: each asks for what nothing else in it brings along."""
    value = document.parse_yaml(text, "").value
    layers = value.get("layers") if isinstance(value, dict) else None
    old = layers.get(key) if isinstance(layers, dict) else None
    settings = {k: v for k, v in old.items() if k not in _REPLACED} if isinstance(old, dict) else {}
    lines: dict[str, list[str]] = {}
    for line in map(_bare, asked.lines):
        lines.setdefault(str(canonicalize_name(Requirement(line).name)), []).append(line)
    entries: dict[str, dict[str, object]] = {}
    for number, level in enumerate(levels, 1):
        brought = {name for part in level for name in part.requires if name != part.name}
        wanted = [p.name for p in level if p.name in lines or p.name not in brought]
        entry: dict[str, object] = {
            "packages": [line for name in wanted for line in lines.get(name, [name])]
        }
        lower = [*entries][-1:] or (old.get("requires", []) if isinstance(old, dict) else [])
        if lower:
            entry["requires"] = lower
        if number == len(levels) and isinstance(old, dict):
            entry |= {k: v for k, v in old.items() if k in {"include", "exclude", "imports"}}
        entry |= settings
        if isinstance(name := settings.get("name"), str) and "{layer}" not in name:
            entry["name"] = f"{name}-{number}"
        entries[f"{key}-{number}"] = entry
    return entries


def _bare(line: str) -> str:
    return line.partition(" --hash")[0]


def _cannot(found: CannotSplit, layer: Layer) -> LimitError:
    return LimitError.because(
        f"no split helps: {found.reason}",
        layer=layer.key,
        place=layer.place,
        details=tuple(
            f"{part.zip_bytes:>13,} B zipped {part.unzipped_bytes:>13,} B unzipped  {part.name}"
            for part in found.culprits
        ),
        advice=(
            "s3-bucket lifts the limit of a zip, not that of 250 MiB unzipped",
            "drop: and prune: aggressive remove more; sdk: leaves the AWS SDK or its data out",
            "what cannot fit 250 MiB runs as a container image (10 GiB)",
        ),
    )
