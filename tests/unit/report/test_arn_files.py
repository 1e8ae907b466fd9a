import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from layer_builder.inputs import Command, Inputs
from layer_builder.manifest.reader import Manifest, read_manifest
from layer_builder.model.layer import Layer
from layer_builder.model.release import Action, Release
from layer_builder.outcome import Outcome
from layer_builder.report import arn_files

CORE = "arn:aws:lambda:eu-west-1:123456789012:layer:core:3"
CODE = "arn:aws:lambda:eu-west-1:123456789012:layer:code:8"
US = "arn:aws:lambda:us-east-1:123456789012:layer:core:2"


def released(*layers: Layer, regions: tuple[str, ...] = ("r",), **inputs: Any) -> Outcome:  # noqa: ANN401 (passed on)
    """Give a run that published layers, each with its id for an ARN."""
    return Outcome(
        inputs=Inputs(regions=regions, **inputs),
        manifest=Manifest(file="layers.yml", layers=layers),
        releases={
            layer.id: {
                region: Release(region=region, arn=layer.id, version=1, action=Action.PUBLISHED)
                for region in regions
            }
            for layer in layers
        },
    )


def layers_of(text: str) -> tuple[Layer, ...]:
    top = 'version: 1\npython: "3.12"\n'
    return read_manifest(f"{top}layers: {{{text}}}\n", "layers.yml").layers


def test_the_files_hold_what_each_reader_wants(outcome: Outcome) -> None:
    found = arn_files.render_arn_files(outcome)
    assert json.loads(found["layers.json"]) == {"core": CORE, "code": CODE}
    assert json.loads(found["layers.by-region.json"]) == {
        "eu-west-1": {"core": CORE, "code": CODE},
        "us-east-1": {"core": US},
    }
    assert found["layers.env"] == f"CORE_ARN={CORE}\nCODE_ARN={CODE}\n"
    assert json.loads(found["layers.tfvars.json"]) == {
        "layer_arns": {"core": CORE, "code": CODE},
        "layer_arns_by_region": {
            "eu-west-1": {"core": CORE, "code": CODE},
            "us-east-1": {"core": US},
        },
    }
    assert arn_files.render_arn_files(outcome) == found


def test_several_targets_have_a_name_each() -> None:
    layers = layers_of("core-deps: {packages: [x], architecture: [x86_64, arm64]}")
    found = arn_files.render_arn_files(released(*layers))
    labels = ("3.12-x86_64", "3.12-arm64")
    assert json.loads(found["layers.json"]) == {
        "core-deps": {label: f"core-deps {label}" for label in labels}
    }
    assert [line.split("=")[0] for line in found["layers.env"].splitlines()] == [
        "CORE_DEPS_3_12_X86_64_ARN",
        "CORE_DEPS_3_12_ARM64_ARN",
    ]
    assert json.loads(found["layers.tfvars.json"]) == {
        "layer_arns": {f"core-deps/{label}": f"core-deps {label}" for label in labels}
    }


@pytest.mark.parametrize("key", ["a", "core-deps", "core_deps", "2fast", "a--", "A-1", "0"])
def test_a_variable_has_a_name_that_shells_take(key: str) -> None:
    [layer] = layers_of(f"'{key}': {{packages: [x]}}")
    name = arn_files.arn_variable(layer)
    assert name.isidentifier()
    assert name == name.upper()
    assert shlex.split(f"{name}=x") == [f"{name}=x"]


def test_layers_that_would_share_a_variable_have_none() -> None:
    layers = layers_of("a-b: {packages: [x]}, a_b: {packages: [x]}, c: {packages: [x]}")
    found = arn_files.render_arn_files(released(*layers))
    assert [line.split("=")[0] for line in found["layers.env"].splitlines()] == ["C_ARN"]
    assert json.loads(found["layers.json"]).keys() == {"a-b", "a_b", "c"}
    [problem] = arn_files.variable_clashes(layers)
    assert problem.lines() == [
        "layers.yml:3:32: layers.env will not have A_B_ARN, which would be the name for a-b and a_b",
        "  → rename one of them, or read layers.json",
    ]


def test_a_layer_that_is_not_in_the_first_region_is_in_none_of_its_files(
    layer: Callable[..., Layer],
) -> None:
    one, other = layer("a"), layer("b")
    run = released(one, other, regions=("r", "s"))
    del run.releases[one.id]["r"]
    found = arn_files.render_arn_files(run)
    assert json.loads(found["layers.json"]) == {"b": other.id}
    assert found["layers.env"] == f"B_ARN={other.id}\n"
    assert json.loads(found["layers.by-region.json"])["s"] == {"a": one.id, "b": other.id}


@pytest.mark.parametrize(
    "inputs",
    [
        Inputs(regions=("r",), dry_run=True),
        Inputs(regions=("r",), command=Command.ATTACH),
        Inputs(command=Command.BUILD),
    ],
)
def test_a_run_that_is_to_write_nothing_hands_nothing_on(
    layer: Callable[..., Layer], inputs: Inputs
) -> None:
    run = released(layer("a"))
    run.inputs = inputs
    assert arn_files.render_arn_files(run) == {}
    assert (
        arn_files.render_arn_files(replace(run, inputs=Inputs(regions=("r",)), releases={})) == {}
    )
