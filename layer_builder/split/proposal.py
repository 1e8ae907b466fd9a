"""The proposal: the new layers as entries of the manifest, or why no split fits."""

import re
from collections.abc import Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from layer_builder.errors import LimitError
from layer_builder.manifest import YamlValue, parse_yaml
from layer_builder.model import Layer, mib
from layer_builder.split.placement import CannotSplit, MeasuredDistribution

_LOCAL_DIGEST = re.compile(r"( @ \.[^#]*)#sha256=[0-9a-f]{64}")

_OF_THE_TOP = frozenset({"include", "exclude", "imports"})
"""Keys that only the uppermost of the new layers keeps."""

_REPLACED = _OF_THE_TOP | {"requirements", "packages", "project", "requires"}
"""Keys that the new layers do not take over as they are."""


def new_entries(
    text: str, key: str, levels: Sequence[Sequence[MeasuredDistribution]], lines: Sequence[str]
) -> dict[str, dict[str, object]]:
    """Write the new layers: each asks for what nothing else in it brings along.

    Args:
        text: the manifest.
        key: the layer that is split.
        levels: its distributions by new layer, the lowest first.
        lines: its requirements.
    """
    old = _old_entry(text, key)
    settings = {name: value for name, value in old.items() if name not in _REPLACED}
    own_name = settings.get("name")
    asked: dict[str, list[str]] = {}
    for line in map(_without_hashes, lines):
        asked.setdefault(str(canonicalize_name(Requirement(line).name)), []).append(line)
    entries: dict[str, dict[str, object]] = {}
    lower = old.get("requires", [])
    for number, level in enumerate(levels, 1):
        entry: dict[str, object] = {"packages": _packages(level, asked)}
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
    value = parse_yaml(text, "").value
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
    """Leave out what a line of the manifest does not say: hashes, the digest of a local project."""
    return _LOCAL_DIGEST.sub(r"\1", line.partition(" --hash")[0])


def no_split_error(why: CannotSplit, layer: Layer) -> LimitError:
    """Say why no split helps, and what does."""
    return LimitError.because(
        f"no split helps: {why.reason}",
        layer=layer.key,
        place=layer.place,
        details=tuple(
            f"{mib(part.zip_bytes):>10} zipped {mib(part.unzipped_bytes):>10} unzipped  {part.name}"
            for part in why.culprits
        ),
        advice=(
            "s3-bucket lifts the limit of a zip, not that of 250 MiB unzipped",
            "a build says what strip:, prune:, sdk: and others would take off; drop: takes what you name",
            "what cannot fit 250 MiB runs as a container image (10 GiB)",
        ),
    )
