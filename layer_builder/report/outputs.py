"""The outputs of the action."""

import json

from layer_builder.model import Action, Architecture, Layer, tied_layers
from layer_builder.outcome import Outcome
from layer_builder.report_json import compared_by_key

NAMED_OUTPUTS = ("shared-code", "core-deps", "optional-deps", "shared-deps")
"""Layers whose ARN has an output of its own, `<key>-arn`; the others are in `layer-arns`."""


def action_outputs(outcome: Outcome) -> dict[str, str]:
    """Give every output of `action.yml`."""
    by_region = {region: outcome.arns(region) for region in outcome.regions}
    first = by_region[outcome.regions[0]] if outcome.regions else {}
    folder, layers = outcome.inputs.output_dir, compared_by_key(outcome)
    data: dict[str, object] = {
        "layer-arns": first,
        "layer-arns-by-region": by_region,
        **{f"{key}-arn": first.get(key, "") for key in NAMED_OUTPUTS},
        "function-layers": dict(outcome.function_layers()),
        "published": outcome.keys_with(Action.PUBLISHED),
        "unchanged": outcome.keys_with(Action.UNCHANGED),
        "would-publish": outcome.would_publish(),
        "digests": outcome.digests(),
        "changes": {**outcome.changes(), **({"layers": layers} if layers else {})},
        "isolated": "" if (isolated := outcome.is_isolated) is None else isolated,
        "matrix": build_matrix(outcome),
        "report": f"{folder}/report.json",
        "output-dir": folder,
    }
    return {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in data.items()
    }


_RUNNERS = {Architecture.X86_64: "ubuntu-24.04", Architecture.ARM64: "ubuntu-24.04-arm"}
"""GitHub's: https://docs.github.com/en/actions/reference/runners/github-hosted-runners"""


def build_matrix(outcome: Outcome) -> dict[str, list[dict[str, str]]]:
    """Give `strategy.matrix` one entry for each group of layers that is resolved together.

    A group has one target, and no layer is in two: `layers`, `python` and `architecture` of an
    entry, as inputs of the same names, select exactly it.
    """
    tied = tied_layers(outcome.layers, outcome.ties)
    groups: dict[str, list[Layer]] = {}
    for layer in outcome.layers:
        groups.setdefault(min(tied[layer.id]), []).append(layer)
    return {
        "include": [
            {
                "layers": ",".join(layer.key for layer in members),
                "python": str(members[0].target.python),
                "architecture": str(members[0].target.architecture),
                "runner": _RUNNERS[members[0].target.architecture],
            }
            for members in groups.values()
        ]
    }
