"""`why`: through whom a distribution came into each layer, and which code imports it."""

import json
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from layer_builder.answers.chains import requirer_chains
from layer_builder.answers.importers import Importer, find_importers, module_names
from layer_builder.commands import Context, read_requests, resolve_requests
from layer_builder.errors import ManifestError, Place, did_you_mean
from layer_builder.inputs import Inputs
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Layer, Pin, Resolution
from layer_builder.outcome import Outcome
from layer_builder.resolve import Resolved
from layer_builder.sources import collect_files


@dataclass(frozen=True, kw_only=True)
class LayerReason:
    """Why a layer has, or needs, a distribution."""

    layer: Layer
    version: str
    chains: Sequence[Sequence[str]]
    is_below: bool
    """Whether a layer below holds it."""


def why_distribution(inputs: Inputs, context: Context, outcome: Outcome, asked: Namespace) -> str:
    """Answer; as text or JSON. Raises ManifestError for what no layer has."""
    name = str(canonicalize_name(asked.distribution))
    requests = read_requests(inputs, context, outcome)
    resolved = resolve_requests(requests, outcome, context)
    having = {one: pin for one, item in resolved.items() if (pin := _pin(item, name))}
    if not having:
        known = {pin.name for item in resolved.values() for pin in item.own.pins}
        raise ManifestError.because(
            f"no layer has a distribution {name!r}",
            place=Place(file=inputs.manifest),
            advice=did_you_mean(name, known)[: 1 if len(known) > 1 else None],
        )
    found = (_reason(resolved[one], pin, context) for one, pin in having.items())
    reasons = [reason for reason in found if reason.chains or not reason.is_below]
    importers = _importers(resolved, having, outcome, context)
    if asked.json:
        return json.dumps(_data(name, reasons, importers, context), indent=2) + "\n"
    return "".join(f"{line}\n" for line in _lines(name, reasons, importers, context))


def _pin(item: Resolved, name: str) -> Pin | None:
    pins = (*item.own.pins, *item.elsewhere.pins)
    return next((pin for pin in pins if pin.name == name), None)


def _reason(item: Resolved, pin: Pin, context: Context) -> LayerReason:
    request, pins = item.request, (*item.own.pins, *item.elsewhere.pins)
    layer = request.layer
    chains: list[list[str]] = []
    if request.requirements.lines:
        requires = context.installer.requires(
            request.requirements, layer.target, layer.build, Resolution(pins=tuple(sorted(pins)))
        )
        chains = requirer_chains(pin.name, request.requirements.names, requires)
    is_below = pin in item.elsewhere.pins
    return LayerReason(layer=layer, version=pin.version, chains=chains, is_below=is_below)


def _importers(
    resolved: Mapping[str, Resolved],
    having: Mapping[str, Pin],
    outcome: Outcome,
    context: Context,
) -> list[Importer]:
    """Read the workspace's code: what layers include, what functions have themselves."""
    modules: set[str] = set()
    for one, pin in having.items():
        item = resolved[one]
        if pin in item.own.pins:
            layer, asked = item.request.layer, item.request.requirements
            (wheel,) = context.wheels.read([pin], asked, layer.target, layer.build).contents
            modules |= module_names(member.path for member in wheel.members)
    found: list[Importer] = []
    for item in resolved.values():
        request = item.request
        found += find_importers(f"layer {request.layer.key}", request.files.files, modules)
    for stack in outcome.functions:
        files = collect_files(context.workspace, stack.settings.code, ()).files
        found += find_importers(f"function {stack.key}", files, modules)
    return sorted(set(found))


def _lines(
    name: str, reasons: Sequence[LayerReason], importers: Sequence[Importer], context: Context
) -> list[str]:
    lines = []
    for reason in reasons:
        held = " (a layer below holds it)" if reason.is_below else ""
        lines.append(f"{reason.layer.title}: {name} {reason.version}{held}")
        lines += [
            f"  {' → '.join(chain)}" if len(chain) > 1 else "  asked for by the layer itself"
            for chain in reason.chains
        ]
    if not importers:
        return [*lines, "no file of the workspace imports it"]
    lines.append("imported by:")
    return lines + [
        f"  {one.whose}: {_shown(one.file, context)}:{one.line} ({one.module})" for one in importers
    ]


def _data(
    name: str, reasons: Sequence[LayerReason], importers: Sequence[Importer], context: Context
) -> dict[str, Any]:
    return {
        "distribution": name,
        "layers": [
            {
                "key": reason.layer.key,
                "python": str(reason.layer.target.python),
                "architecture": str(reason.layer.target.architecture),
                "version": reason.version,
                "held_below": reason.is_below,
                "chains": [list(chain) for chain in reason.chains],
            }
            for reason in reasons
        ],
        "importers": [
            {
                "whose": one.whose,
                "place": f"{_shown(one.file, context)}:{one.line}",
                "module": one.module,
            }
            for one in importers
        ],
    }


def _shown(file: Path, context: Context) -> str:
    return str(context.workspace.relative(file))
