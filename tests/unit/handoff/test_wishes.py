"""Words and JSON say which functions are meant, and what each goes back to."""

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
        ("worker a@3", "worker has no layer a"),
        ("api@12 a@3", "function api cannot go back to two versions at once"),
        ("b@1 b@2", "cannot go back to two versions at once"),
    ],
)
def test_what_cannot_be_meant(stacks: tuple[Stack, ...], text: str, why: str) -> None:
    with pytest.raises(ManifestError, match=why):
        read_wishes(text).resolve(stacks)


@pytest.mark.parametrize("text", ["a@", "a@0", "@3", "a@x", "a@-1", '{"api": "a b"}', "a@1@2"])
def test_what_is_no_word(text: str) -> None:
    with pytest.raises(ValueError, match="is neither NAME nor NAME@NUMBER"):
        read_wishes(text)
