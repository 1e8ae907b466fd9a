"""The matrix of `plan`: what is resolved together is one leg, and no layer is in two."""

import json

from layer_builder.inputs import read_inputs
from layer_builder.manifest import read_manifest
from layer_builder.outcome import Outcome
from layer_builder.report import action_outputs

MANIFEST = """version: 1
python: ["3.12", "3.13"]
architecture: [x86_64, arm64]
layers:
  low: {packages: [a]}
  high: {packages: [b], requires: [low]}
  lone: {packages: [c]}
  tied: {packages: [d], python: "3.13", architecture: arm64}
functions:
  f: {layers: [lone, tied], python: "3.13", architecture: arm64}
"""


def entries(**given: str) -> list[dict[str, str]]:
    """Read the manifest as a run with these inputs does, and give what its matrix has."""
    inputs = read_inputs({"command": "plan", **given})
    outcome = Outcome(inputs=inputs)
    whole = read_manifest(MANIFEST, "layers.yml")
    outcome.manifest = whole.select(inputs.layers, inputs.pythons, inputs.architectures)
    include: list[dict[str, str]] = json.loads(action_outputs(outcome)["matrix"])["include"]
    return include


def test_an_entry_is_a_group_of_layers_that_are_resolved_together() -> None:
    named = [tuple(entry.values()) for entry in entries()]
    assert sorted(named) == [
        ("lone", "3.12", "arm64", "ubuntu-24.04-arm"),
        ("lone", "3.12", "x86_64", "ubuntu-24.04"),
        ("lone", "3.13", "x86_64", "ubuntu-24.04"),
        ("lone,tied", "3.13", "arm64", "ubuntu-24.04-arm"),
        ("low,high", "3.12", "arm64", "ubuntu-24.04-arm"),
        ("low,high", "3.12", "x86_64", "ubuntu-24.04"),
        ("low,high", "3.13", "arm64", "ubuntu-24.04-arm"),
        ("low,high", "3.13", "x86_64", "ubuntu-24.04"),
    ]


def test_an_entry_selects_itself_and_no_layer_is_in_two() -> None:
    whole = entries()
    legs = []
    for entry in whole:
        given = {name: entry[name] for name in ("layers", "python", "architecture")}
        assert entries(**given) == [entry]
        inputs = read_inputs(given)
        chosen = read_manifest(MANIFEST, "layers.yml").select(
            inputs.layers, inputs.pythons, inputs.architectures
        )
        assert chosen.relatives == ()
        legs += [layer.id for layer in chosen.layers]
    assert sorted(legs) == sorted(
        layer.id for layer in read_manifest(MANIFEST, "layers.yml").layers
    )
