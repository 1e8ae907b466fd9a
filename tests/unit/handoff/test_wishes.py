"""Words and JSON say which functions are meant, and what each goes back to."""

import re

import pytest

from layer_builder.errors import ManifestError
from layer_builder.handoff.wishes import Wish, read_wishes
from layer_builder.manifest.reader import read_manifest
from layer_builder.model.stack import Stack

MANIFEST = """\
version: 1
python: "3.12"
layers: {a: {packages: [x]}, b: {packages: [y]}, same: {packages: [z]}}
functions:
  api: {layers: [a, b]}
  worker: {layers: [b]}
  same: {layers: [same]}
"""


@pytest.fixture(scope="module")
def stacks() -> tuple[Stack, ...]:
    return read_manifest(MANIFEST, "layers.yml").stacks


A3, B1, B2 = ("a", 3), ("b", 1), ("b", 2)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("api", {"api": Wish()}),
        ("a@3", {"api": Wish(layers=(A3,))}),
        ("b@1", {"api": Wish(layers=(B1,)), "worker": Wish(layers=(B1,))}),
        ("worker b@1", {"worker": Wish(layers=(B1,))}),
        ("api,a@3 b@1", {"api": Wish(layers=(A3, B1))}),
        ("api@12 worker", {"api": Wish(version=12), "worker": Wish()}),
        ('{"api": "b@1", "worker": "b@2"}', {"api": Wish(layers=(B1,)), "worker": Wish(layers=(B2,))}),
        ('{"api": ["a@3", "b@1"]}', {"api": Wish(layers=(A3, B1))}),
        ('{"api": 12, "worker": "7"}', {"api": Wish(version=12), "worker": Wish(version=7)}),
        ('{"api": "api@12"}', {"api": Wish(version=12)}),
        ('{"same": 3}', {"same": Wish(version=3)}),
        ("api api", {"api": Wish()}),
        ("api@12 api", {"api": Wish(version=12)}),
        ("api api@12 api@12", {"api": Wish(version=12)}),
        ("worker b@1 b@1", {"worker": Wish(layers=(B1,))}),
    ],
)  # fmt: skip
def test_what_is_meant(stacks: tuple[Stack, ...], text: str, found: dict[str, Wish]) -> None:
    assert read_wishes(text).resolve(stacks) == found


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("wrker", "there is no function or layer 'wrker'"),
        ('{"wrker": 3}', "there is no function 'wrker'"),
        ("same@3", "same is a layer, and a function as well"),
        ('{"same": "same@3"}', "same is a layer, and a function as well"),
        ("worker a@3", "worker has no layer a"),
        ("api@12 a@3", "function api cannot go back to two versions at once"),
        ("b@1 b@2", "cannot go back to two versions at once"),
        ("api@1 api@2", "function api cannot go back to two versions at once"),
        ('{"api": [1, 2]}', "function api cannot go back to two versions at once"),
        ('{"api": [12, "a@3"]}', "function api cannot go back to two versions at once"),
        ("a", "which version of layer a to go back to is not said"),
        ('{"api": "a"}', "which version of layer a to go back to is not said"),
        ('{"api": "api"}', "which version of function api to go back to is not said"),
        ('{"api": "worker"}', "function api cannot go back to worker: worker is none of its layers"),
        ('{"api": "worker@3"}', "function api cannot go back to worker@3: worker is none of its"),
        ('{"api": "c@3"}', "function api cannot go back to c@3: c is none of its layers"),
        ('{"worker": "a@3"}', "worker has no layer a"),
        ('{"": "worker@3"}', "there is no function ''"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant(stacks: tuple[Stack, ...], text: str, why: str) -> None:
    with pytest.raises(ManifestError, match=why):
        read_wishes(text).resolve(stacks)


@pytest.mark.parametrize("text", ["a@", "a@0", "@3", "a@x", "a@-1", '{"api": "a b"}', "a@1@2"])
def test_what_is_no_word(text: str) -> None:
    with pytest.raises(ValueError, match="is neither NAME nor NAME@NUMBER"):
        read_wishes(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (",", "',' names nothing to go back to"),
        ("{}", "'{}' names nothing to go back to"),
        ('{"api": []}', "function api has an empty list"),
        ('{"worker": "b@1", "api": []}', "function api has an empty list"),
        ('{"api": true}', "function api: true is neither a version's number nor LAYER@NUMBER"),
        ('{"api": null}', "function api: null is neither a version's number nor LAYER@NUMBER"),
        ('{"api": 1.5}', "function api: 1.5 is neither a version's number nor LAYER@NUMBER"),
        ('{"api": 0}', "function api: 0 is neither a version's number nor LAYER@NUMBER"),
        ('{"api": {"b": 1}}', 'function api: {"b": 1} is neither a version'),
        ('{"api": [["b@1"]]}', 'function api: ["b@1"] is neither a version'),
        ('["api b@1"]', "'[\"api b@1\"]' is JSON that names no functions"),
        ('"api b@1"', "'\"api b@1\"' is JSON that names no functions"),
        ('{"api": ', "'{\"api\":' is not JSON: Expecting value: line 1 column 8"),
        ("{api: b@1}", "'{api: b@1}' is not JSON: Expecting property name"),
        ("[" * 100_000, "is not JSON: "),
        ('{"api": "a@1", "api": "b@1"}', "'api' is there twice"),
    ],
)
def test_what_names_nothing_or_is_no_json_of_this_shape(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        read_wishes(text)
