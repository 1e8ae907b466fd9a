"""Exact layer versions: ARNs from `layers.json` and its like, from `report.json`, or typed.

What the files hold is documented in docs/report.md; `layer-arns` and `layer-arns-by-region` are the
same JSON.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from layer_builder.errors import ManifestError, shortened
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import (
    LAYER_VERSION_ARN_PATTERN,
    REGION_PATTERN,
    Layer,
    LayerVersionArn,
)

_SHAPES = (
    "it takes layers.json, layers.by-region.json or report.json of a publish, the outputs"
    " layer-arns or layer-arns-by-region, or ARNs of layer versions"
)


@dataclass(frozen=True, kw_only=True)
class NamedVersion:
    """One layer version that was named."""

    arn: str
    key: str = ""
    """Of its layer in the manifest that it was published from; empty where only the ARN is known."""
    label: str = ""
    """Of its target; empty where the layer has one."""
    sha256: str = ""
    """Of its zip, in hexadecimal; empty where nobody said it."""

    @property
    def region(self) -> str:
        """Where it is."""
        return LayerVersionArn.parse(self.arn).region

    @property
    def name(self) -> str:
        """What the layer is called on AWS."""
        return LayerVersionArn.parse(self.arn).layer.rpartition(":")[2]

    def is_of(self, layer: Layer) -> bool:
        """Tell whether it is of this layer, and for its target as far as that was said."""
        if self.key:
            return self.key == layer.key and self.label in {"", layer.target.label}
        return self.name == layer.name


@dataclass(frozen=True, kw_only=True)
class NamedVersions:
    """Layer versions that were named together."""

    source: str
    """Where they are named, in the reader's words: `input arns`, or a path."""
    versions: tuple[NamedVersion, ...] = field(default=())

    @property
    def regions(self) -> list[str]:
        """The regions that they are in, each once."""
        return list(dict.fromkeys(version.region for version in self.versions))

    def find(self, layer: Layer, region: str) -> NamedVersion | None:
        """Find the version of a layer in a region. Raises ManifestError when two are named."""
        found = {
            version.arn: version
            for version in self.versions
            if version.region == region and version.is_of(layer)
        }
        if len(found) > 1:
            raise ManifestError.because(
                f"{self.source} names {len(found)} versions of it in {region}",
                layer=layer.key,
                place=layer.place,
                details=tuple(found),
            )
        return next(iter(found.values()), None)


def read_named_versions(text: str, source: str) -> NamedVersions:
    """Read ARNs out of JSON, or out of a text of nothing but ARNs. Raises ManifestError."""
    try:
        data = json.loads(text)
    except ValueError:
        data = [word for word in re.split(r"[,\s]+", text) if word]
    try:
        versions = tuple(dict.fromkeys(_versions(data)))
    except (TypeError, ValueError, KeyError) as error:
        raise ManifestError.because(
            f"{source} cannot be read: {error}", advice=(_SHAPES,)
        ) from None
    if not versions:
        raise ManifestError.because(f"{source} names no layer version", advice=(_SHAPES,))
    return NamedVersions(source=source, versions=versions)


def with_digests_of(named: NamedVersions, report: str) -> NamedVersions:
    """Add the digests that the report of the same run has for the same ARNs.

    A report that cannot be read, or is of another run, adds nothing.
    """
    try:
        known = {one.arn: one.sha256 for one in read_named_versions(report, "").versions}
    except ManifestError:
        return named
    versions = (replace(one, sha256=one.sha256 or known.get(one.arn, "")) for one in named.versions)
    return replace(named, versions=tuple(versions))


def _versions(data: object) -> Iterator[NamedVersion]:
    match data:
        case list():
            for arn in data:
                yield NamedVersion(arn=_arn(arn))
        case {"layers": list(layers), "tool": dict()}:
            for layer in layers:
                yield from _reported(layer)
        case dict():
            for key, value in data.items():
                if re.fullmatch(REGION_PATTERN, key) and isinstance(value, dict):
                    for layer_key, arns in value.items():
                        yield from _of_layer(layer_key, arns)
                else:
                    yield from _of_layer(key, value)
        case _:
            raise ValueError(f"{shortened(str(data))} names nothing")


def _of_layer(key: str, arns: object) -> Iterator[NamedVersion]:
    """Read the value of a layer's key: an ARN, or one for each target."""
    if isinstance(arns, dict):
        for label, arn in arns.items():
            yield NamedVersion(arn=_arn(arn), key=key, label=label)
    else:
        yield NamedVersion(arn=_arn(arns), key=key)


def _reported(layer: Mapping[str, Any]) -> Iterator[NamedVersion]:
    for arn in layer["arn"].values():
        yield NamedVersion(
            arn=_arn(arn),
            key=layer["key"],
            label=f"{layer['python']}-{layer['architecture']}",
            # Nothing was built of what AWS had already: its report knows no digest.
            sha256=layer.get("sha256") or "",
        )


def _arn(arn: object) -> str:
    if not isinstance(arn, str) or not re.fullmatch(LAYER_VERSION_ARN_PATTERN, arn):
        raise ValueError(f"{shortened(str(arn))} is not the ARN of a layer version")
    return arn
