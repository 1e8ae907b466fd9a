"""A `report.json` of an earlier run, read as what layers were."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from layer_builder.changes.snapshot import LayerPart, LayerSnapshot
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Layer

_Bytes = Annotated[int, Field(ge=0)] | None
_NAMED = 3


class _Lenient(BaseModel):
    """Takes reports of other versions of this program: they may have more fields."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, defer_build=True)


class _ReportedPackage(_Lenient):
    name: str
    version: str
    bytes_kept: _Bytes = None
    bytes_zipped: _Bytes = None


class _ReportedLayer(_Lenient):
    key: str
    python: str
    architecture: str
    packages: tuple[_ReportedPackage, ...] = Field(default=(), strict=False)
    zip_bytes: _Bytes = None
    unzipped_bytes: _Bytes = None
    sha256: str | None = None
    content: str | None = None
    runtimes: tuple[str, ...] | None = Field(default=None, strict=False)
    architectures: tuple[str, ...] | None = Field(default=None, strict=False)
    permissions: tuple[str, ...] | None = Field(default=None, strict=False)


class _Report(_Lenient):
    version: int
    layers: tuple[_ReportedLayer, ...] = Field(strict=False)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """What the layers were, by id."""

    source: str
    layers: Mapping[str, LayerSnapshot]

    def find(self, layer: Layer) -> LayerSnapshot | None:
        """Give what a layer was; None for a new one."""
        return self.layers.get(layer.id)


def read_baseline(text: str, source: str) -> Baseline:
    """Read a report. Raises ValueError for what is none; says what is wrong in it, and where."""
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    try:
        report = _Report.model_validate(data)
    except ValidationError as error:
        found = [
            f"{'.'.join(map(str, one['loc'])) or 'the whole'}: {one['msg']}"
            for one in error.errors(include_url=False, include_input=False)[:_NAMED]
        ]
        raise ValueError(f"it is no report.json ({'; '.join(found)})") from None
    if report.version != 1:
        raise ValueError(f"its format is {report.version}, and this program reads 1")
    return Baseline(
        source=source,
        layers={f"{one.key} {one.python}-{one.architecture}": _snapshot(one, source)
                for one in report.layers},
    )  # fmt: skip


def _snapshot(layer: _ReportedLayer, source: str) -> LayerSnapshot:
    return LayerSnapshot(
        source=source,
        parts=tuple(
            LayerPart(
                name=one.name, version=one.version, unzipped=one.bytes_kept, zipped=one.bytes_zipped
            )
            for one in layer.packages
        ),
        zip_bytes=layer.zip_bytes,
        unzipped_bytes=layer.unzipped_bytes,
        sha256=layer.sha256,
        content=layer.content,
        runtimes=layer.runtimes,
        architectures=layer.architectures,
        permissions=layer.permissions,
    )
