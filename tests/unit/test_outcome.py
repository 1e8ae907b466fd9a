from collections.abc import Callable
from dataclasses import replace

from layer_builder.inputs import Inputs
from layer_builder.manifest.reader import Manifest
from layer_builder.model.build import BuildDetails
from layer_builder.model.layer import Layer
from layer_builder.model.release import Action, Release
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.outcome import Outcome
from layer_builder.report.outputs import build_matrix

CORE = "arn:aws:lambda:eu-west-1:123456789012:layer:core:3"
CODE = "arn:aws:lambda:eu-west-1:123456789012:layer:code:8"


def test_arns_are_told_by_key_and_region(outcome: Outcome) -> None:
    assert outcome.arns("eu-west-1") == {"core": CORE, "code": CODE}
    assert outcome.arns("us-east-1").keys() == {"core"}
    assert outcome.arns("mars-north-1") == {}


def test_a_layer_with_several_targets_has_an_arn_for_each(layer: Callable[..., Layer]) -> None:
    both = [
        replace(layer("a"), target=Target(python=Python.PY313, architecture=architecture))
        for architecture in (Architecture.X86_64, Architecture.ARM64)
    ]
    releases = {
        one.id: {"r": Release(region="r", arn=one.id, version=1, action=Action.PUBLISHED)}
        for one in both
    }
    outcome = Outcome(
        inputs=Inputs(regions=("r",)),
        manifest=Manifest(file="layers.yml", layers=tuple(both)),
        releases=releases,
    )
    assert outcome.arns("r") == {
        "a": {"3.13-x86_64": "a 3.13-x86_64", "3.13-arm64": "a 3.13-arm64"}
    }
    assert outcome.keys_with(Action.PUBLISHED) == ["a"]


def test_a_function_has_its_layers_in_stack_order_once_all_are_known(outcome: Outcome) -> None:
    assert outcome.function_layers() == {"api": [CORE, CODE]}
    assert outcome.manifest
    assert outcome.stack_arns(outcome.manifest.stacks[0], "us-east-1") is None
    outcome.releases.popitem()
    assert outcome.function_layers() == {}


def test_keys_are_listed_once_in_the_order_of_the_manifest(outcome: Outcome) -> None:
    assert outcome.keys_with(Action.UNCHANGED) == ["core", "code"]
    assert outcome.keys_with(Action.PUBLISHED) == ["core"]
    assert outcome.keys_with(Action.BUILT) == []


def test_the_matrix_has_one_entry_for_each_group_and_target(outcome: Outcome) -> None:
    target = {"python": "3.12", "architecture": "x86_64", "runner": "ubuntu-24.04"}
    alone = [{"layers": "core", **target}, {"layers": "code", **target}]
    assert outcome.manifest
    outcome.manifest = replace(outcome.manifest, ties=())
    assert build_matrix(outcome) == {"include": alone}
    outcome.manifest = replace(outcome.manifest, ties=outcome.manifest.stacks)
    assert build_matrix(outcome) == {"include": [{"layers": "core,code", **target}]}


def test_a_run_that_never_read_a_manifest_has_empty_answers() -> None:
    outcome = Outcome(inputs=Inputs(regions=("eu-west-1",)))
    assert outcome.layers == ()
    assert outcome.arns("eu-west-1") == {}
    assert outcome.function_layers() == {}
    assert build_matrix(outcome) == {"include": []}


def test_what_was_taken_up_by_its_digest_says_nothing_of_isolation(outcome: Outcome) -> None:
    core, code = outcome.built
    whole = replace(outcome.built[code], details=BuildDetails())
    found = {}
    for name, built in {
        "core was not": outcome.built,
        "code was": {code: whole},
        "core was taken up": {**outcome.built, core: replace(outcome.built[core], taken_up=True)},
        "code was taken up": {code: replace(whole, taken_up=True)},
        "nothing was built": {},
    }.items():
        found[name] = replace(outcome, built=built).is_isolated
    assert found == {
        "core was not": False,
        "code was": True,
        "core was taken up": True,
        "code was taken up": None,
        "nothing was built": False,
    }


def test_the_digests_are_those_of_the_zips_by_stem(outcome: Outcome) -> None:
    assert outcome.digests() == {"core": "0123456789abcdef" * 4, "code": "0123456789abcdef" * 4}
