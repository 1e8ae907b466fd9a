"""Proposes how to split a layer that is too large: measures it, places its distributions."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from layer_builder.archive.output_dir import OutputDir
from layer_builder.builder.scheduler import LowerLayers
from layer_builder.commands import load
from layer_builder.commands.context import Context
from layer_builder.errors import LimitError, ManifestError, Place, did_you_mean
from layer_builder.inputs import Inputs
from layer_builder.manifest import document, editor
from layer_builder.manifest.document import YamlValue
from layer_builder.manifest.reader import Manifest
from layer_builder.model import limits
from layer_builder.model.layer import Layer
from layer_builder.model.limits import mib
from layer_builder.model.stack import Stack
from layer_builder.outcome import Outcome
from layer_builder.resolve import resolver, splitting
from layer_builder.resolve.groups import group_layers
from layer_builder.resolve.splitting import CannotSplit, MeasuredDistribution, SplitLimits
from layer_builder.sources.requirements import Requirements

_OF_THE_TOP = frozenset({"include", "exclude", "imports"})
"""Keys that only the uppermost of the new layers keeps."""

_REPLACED = _OF_THE_TOP | {"requirements", "packages", "uv", "requires"}
"""Keys that the new layers do not take over as they are."""


def split(inputs: Inputs, context: Context, outcome: Outcome, *, key: str, write: bool) -> str:
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
    resolved = resolver.resolve(group, context.installer, load.lock_of(inputs))
    asked = resolved[layer.id].request.requirements
    parts = _measure(layer, resolved, asked, context)
    levels = splitting.split(parts, _limits(layer, manifest.stacks))
    if isinstance(levels, CannotSplit):
        raise _no_split(levels, layer)
    if len(levels) == 1:
        return f"# {key} fits as it is\n"
    text = Path(inputs.manifest).read_text(encoding="utf-8-sig")
    entries = _entries(text, key, levels, asked)
    summary = "".join(
        f"# {name}: {len(level)} distributions, about {mib(sum(p.zip_bytes for p in level))} zipped,"
        f" {mib(sum(p.unzipped_bytes for p in level))} unzipped\n"
        for name, level in zip(entries, levels, strict=True)
    )
    if write:
        Path(inputs.manifest).write_text(editor.replace_layer(text, key, entries), encoding="utf-8")
    return summary + editor.format_layers(entries)


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
    resolved: Mapping[str, resolver.Resolved],
    asked: Requirements,
    context: Context,
) -> list[MeasuredDistribution]:
    """Build the layer, and see what each distribution takes after pruning."""
    requires = context.installer.requires(asked, layer.target, layer.build)
    settled = context.installer.settled(asked, layer.target, layer.build)
    with context.scratch.folder() as folder:
        builder = context.builder(OutputDir(folder=folder / "built"), "split")
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


def _limits(layer: Layer, stacks: Sequence[Stack]) -> SplitLimits:
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
    old = _old_entry(text, key)
    settings = {name: value for name, value in old.items() if name not in _REPLACED}
    own_name = settings.get("name")
    lines: dict[str, list[str]] = {}
    for line in map(_without_hashes, asked.lines):
        lines.setdefault(str(canonicalize_name(Requirement(line).name)), []).append(line)
    entries: dict[str, dict[str, object]] = {}
    lower = old.get("requires", [])
    for number, level in enumerate(levels, 1):
        entry: dict[str, object] = {"packages": _packages(level, lines)}
        if lower:
            entry["requires"] = lower
        if number == len(levels):
            entry |= {name: value for name, value in old.items() if name in _OF_THE_TOP}
        entry |= settings
        if isinstance(own_name, str) and "{layer}" not in own_name:
            entry["name"] = f"{own_name}-{number}"
        entries[f"{key}-{number}"] = entry
        lower = [f"{key}-{number}"]
    return entries


def _old_entry(text: str, key: str) -> dict[str, YamlValue]:
    """Read what the manifest says of the layer."""
    value = document.parse_yaml(text, "").value
    layers = value.get("layers") if isinstance(value, dict) else None
    entry = layers.get(key) if isinstance(layers, dict) else None
    return entry if isinstance(entry, dict) else {}


def _packages(
    level: Sequence[MeasuredDistribution], lines: Mapping[str, Sequence[str]]
) -> list[str]:
    """List what one new layer asks for: what the old one did, and what nothing in it requires."""
    brought = {name for part in level for name in part.requires if name != part.name}
    wanted = [part.name for part in level if part.name in lines or part.name not in brought]
    return [line for name in wanted for line in lines.get(name, [name])]


def _without_hashes(line: str) -> str:
    return line.partition(" --hash")[0]


def _no_split(why: CannotSplit, layer: Layer) -> LimitError:
    return LimitError.because(
        f"no split helps: {why.reason}",
        layer=layer.key,
        place=layer.place,
        details=tuple(
            f"{part.zip_bytes:>13,} B zipped {part.unzipped_bytes:>13,} B unzipped  {part.name}"
            for part in why.culprits
        ),
        advice=(
            "s3-bucket lifts the limit of a zip, not that of 250 MiB unzipped",
            "drop: and prune: aggressive remove more; sdk: leaves the AWS SDK or its data out",
            "what cannot fit 250 MiB runs as a container image (10 GiB)",
        ),
    )
