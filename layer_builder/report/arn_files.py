"""The hand-off: files with the layer versions' ARNs, for programs that read no outputs.

They hold what the run released, also of one that failed half-way.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from layer_builder.errors import Problem
from layer_builder.inputs import Command
from layer_builder.model import Layer
from layer_builder.outcome import Outcome


def render_files(outcome: Outcome) -> dict[str, str]:
    """Render all files of a run for other programs, by name."""
    return {**render_arn_files(outcome), **render_metadata(outcome)}


def render_arn_files(outcome: Outcome) -> dict[str, str]:
    """Render the files of a run by name; none for a dry run, or one that released nothing."""
    inputs = outcome.inputs
    publishes = inputs.command in {Command.PUBLISH, Command.PROMOTE}
    if not publishes or inputs.dry_run or not outcome.releases:
        return {}
    by_region = {region: outcome.arns(region) for region in outcome.regions}
    first = by_region[outcome.regions[0]]
    variables: dict[str, object] = {"layer_arns": _flat(first)}
    if len(by_region) > 1:
        variables["layer_arns_by_region"] = {
            region: _flat(arns) for region, arns in by_region.items()
        }
    shared = _shared(outcome.layers)
    lines = [
        f"{name}={release.arn}\n"
        for layer in outcome.layers
        if (release := outcome.releases.get(layer.id, {}).get(outcome.regions[0]))
        and (name := arn_variable(layer)) not in shared
    ]
    return {
        "layers.json": _json(first),
        "layers.by-region.json": _json(by_region),
        "layers.env": "".join(lines),
        "layers.tfvars.json": _json(variables),
    }


METADATA_FILE = "zips.json"
"""What the zips of an output directory say of themselves on AWS: `promote` reads it."""


def render_metadata(outcome: Outcome) -> dict[str, str]:
    """Render what each zip is published with, by name of the file; none where nothing was built."""
    inputs = outcome.inputs
    if inputs.command not in {Command.BUILD, Command.PUBLISH} or not outcome.built:
        return {}
    layers = [
        {
            "key": built.layer.key,
            "python": str(built.layer.target.python),
            "architecture": str(built.layer.target.architecture),
            "name": built.layer.name,
            "sha256": built.archive.sha256,
            "runtimes": built.runtimes,
            "architectures": built.architectures,
            "description": built.description,
            "license": built.license_info,
        }
        for built in outcome.built.values()
    ]
    return {METADATA_FILE: _json({"version": 1, "layers": layers})}


def arn_variable(layer: Layer) -> str:
    """Name the variable of a layer, as POSIX shells take it.

    `CORE_DEPS_ARN` for core-deps; with several targets `CORE_DEPS_3_12_ARM64_ARN`.
    """
    words = f"{layer.key} {layer.target.label}" if layer.is_one_of_several else layer.key
    name = re.sub("[^A-Z0-9]", "_", words.upper())
    return f"{'_' if name[0].isdigit() else ''}{name}_ARN"


def variable_clashes(layers: Sequence[Layer]) -> Iterator[Problem]:
    """Warn of layers that would share a variable: `layers.env` has none of them."""
    for name, several in _shared(layers).items():
        yield Problem(
            message=f"layers.env will not have {name}, which would be the name for"
            f" {' and '.join(layer.title for layer in several)}",
            place=several[-1].place,
            advice=("rename one of them, or read layers.json",),
        )


def _shared(layers: Sequence[Layer]) -> dict[str, list[Layer]]:
    by_variable: dict[str, list[Layer]] = {}
    for layer in layers:
        by_variable.setdefault(arn_variable(layer), []).append(layer)
    return {name: several for name, several in by_variable.items() if len(several) > 1}


def _flat(arns: Mapping[str, str | Mapping[str, str]]) -> dict[str, str]:
    """Make a map of strings, as Terraform's type map(string) has it: `core-deps/3.12-arm64`."""
    flat: dict[str, str] = {}
    for key, arn in arns.items():
        if isinstance(arn, str):
            flat[key] = arn
        else:
            flat |= {f"{key}/{label}": one for label, one in arn.items()}
    return flat


def _json(data: object) -> str:
    return json.dumps(data, indent=2) + "\n"
