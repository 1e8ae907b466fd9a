"""The files that hand ARNs on."""

import json
import shlex
from collections.abc import Callable
from dataclasses import replace

from layer_builder import handoff
from layer_builder.inputs import Inputs
from layer_builder.layer import Action, Layer, Release
from layer_builder.manifest import Manifest
from layer_builder.outcome import Outcome
from layer_builder.target import Architecture, Python, Target

CORE = "arn:aws:lambda:eu-west-1:123456789012:layer:core:3"
CODE = "arn:aws:lambda:eu-west-1:123456789012:layer:code:8"


def test_the_files_say_what_the_outputs_say(outcome: Outcome) -> None:
    files = handoff.files(outcome)
    assert list(files) == ["layers.json", "layers.env", "layers.tfvars.json"]
    east = outcome.arns("us-east-1")
    assert json.loads(files["layers.json"]) == {
        "layer-arns": {"core": CORE, "code": CODE},
        "layer-arns-by-region": {"eu-west-1": {"core": CORE, "code": CODE}, "us-east-1": east},
        "function-layers": {"api": [CORE, CODE]},
    }
    assert files["layers.env"] == f"CORE_ARN={CORE}\nCODE_ARN={CODE}\n"
    assert json.loads(files["layers.tfvars.json"]) == {
        "layer_arns": {"core": CORE, "code": CODE},
        "layer_arns_by_region": {"eu-west-1": {"core": CORE, "code": CODE}, "us-east-1": east},
        "function_layers": {"api": [CORE, CODE]},
    }
    assert handoff.files(outcome) == files


def test_there_are_none_where_nothing_is_released(outcome: Outcome) -> None:
    outcome.releases.clear()
    assert handoff.files(outcome) == {}
    assert handoff.files(Outcome(inputs=Inputs())) == {}


def test_targets_have_keys_and_variables_of_their_own(layer: Callable[..., Layer]) -> None:
    both = [
        replace(layer("3d"), target=Target(python=Python.PY313, architecture=architecture))
        for architecture in (Architecture.X86_64, Architecture.ARM64)
    ]
    clash = [layer("a-b"), layer("a_b")]
    outcome = Outcome(
        inputs=Inputs(regions=("r",)),
        manifest=Manifest(file="layers.yml", layers=(*both, *clash)),
        releases={
            one.id: {"r": Release(region="r", arn=f"$({n}) '", version=1, action=Action.PUBLISHED)}
            for n, one in enumerate([*both, *clash])
        },
    )
    files = handoff.files(outcome)
    lines = files["layers.env"].splitlines()
    assert [line.partition("=")[0] for line in lines] == [
        *("LAYER_3D_3_13_X86_64_ARN", "LAYER_3D_3_13_ARM64_ARN", "A_B_ARN"),
        "# a_b: A_B_ARN is the name of a-b",
    ]
    assert [shlex.split(line) for line in lines[:1]] == [["LAYER_3D_3_13_X86_64_ARN=$(0) '"]]
    assert list(json.loads(files["layers.tfvars.json"])["layer_arns"]) == [
        *("3d/3.13-x86_64", "3d/3.13-arm64", "a-b", "a_b"),
    ]
