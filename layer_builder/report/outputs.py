"""The outputs of the action."""

import json

from layer_builder.model import Action
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


def build_matrix(outcome: Outcome) -> dict[str, list[dict[str, str]]]:
    """Give `strategy.matrix` one entry for each layer and target."""
    return {
        "include": [
            {
                "layer": layer.key,
                "python": str(layer.target.python),
                "architecture": str(layer.target.architecture),
            }
            for layer in outcome.layers
        ]
    }
