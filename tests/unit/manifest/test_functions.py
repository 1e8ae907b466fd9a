from collections.abc import Callable
from typing import TypeAlias

import pytest

from layer_builder.manifest.reader import read_manifest
from layer_builder.model.stack import required_layers

Said: TypeAlias = Callable[[str], list[str]]

HEAD = 'version: 1\npython: "3.12"\nlayers:\n'
ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:x:1"


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (
            "  a: {packages: [x], requires: [b]}\n  b: {packages: [x], requires: [a]}\n",
            ["layers.yml:4:33: layer a: requires b, which requires it in turn",
             "layers.yml:5:33: layer b: requires a, which requires it in turn"],
        ),
        (
            "  a: {packages: [x], requires: a}\n",
            ["layers.yml:4:32: layer a: requires a, which requires it in turn"],
        ),
        (
            "  core: {packages: [x]}\n  top: {packages: [x], requires: [core, cor]}\n",
            ["layers.yml:5:41: layer top: requires: there is no layer 'cor'\n"
             "  → did you mean 'core'?"],
        ),
        (
            '  a: {packages: [x], python: "3.13"}\n  b: {packages: [x], requires: [a]}\n',
            ["layers.yml:5:33: layer b: requires a, which is not built for 3.12-x86_64"],
        ),
    ],
)  # fmt: skip
def test_a_wrong_requires_is_told_with_its_place(
    said: Said, layers: str, expected: list[str]
) -> None:
    assert said(HEAD + layers) == expected


LAYERS = (
    "  low: {packages: [x]}\n  mid: {packages: [y], requires: low}\n"
    "  top: {packages: [z], requires: mid}\nfunctions:\n"
)


@pytest.mark.parametrize(
    ("function", "place", "expected"),
    [
        ("{layers: [top]}", "8:16", ["top' requires 'mid", "top' requires 'low"]),
        ("{layers: [low, top]}", "8:21", ["top' requires 'mid"]),
        ("{layers: [mid, low]}", "8:16", ["mid' requires 'low"]),
        ("{layers: [low, mid, top]}", "", []),
    ],
)
def test_a_function_loads_what_a_layer_requires_before_it(
    said: Said, function: str, place: str, expected: list[str]
) -> None:
    text = f"{HEAD}{LAYERS}  f: {function}\n"
    if not expected:
        assert [layer.key for layer in read_manifest(text, "x").stacks[0].layers] == [
            "low",
            "mid",
            "top",
        ]
        return
    found = [problem.splitlines()[0] for problem in said(text)]
    assert found == [
        f"layers.yml:{place}: function f: layer '{pair}' before it" for pair in expected
    ]


def test_a_function_is_told_all_its_mistakes(said: Said) -> None:
    external = ", ".join([f"{{arn: '{ARN}', unzipped: 1 MiB}}"] * 3)
    function = f"  f: {{layers: [low, low, lov], external: [{external}]}}\n"
    assert said(HEAD + LAYERS + function) == [
        "layers.yml:8:15: function f has 6 layers; AWS attaches 5 at most",
        "layers.yml:8:21: function f: layer 'low' is here twice",
        "layers.yml:8:26: function f: there is no layer 'lov'\n  → did you mean 'low'?",
    ]


FANNED = (
    'version: 1\npython: ["3.12", "3.13"]\nname: "{layer}-{python}"\nlayers:\n'
    '  a: {packages: [x]}\n  b: {packages: [y], python: "3.13"}\n'
    "  c: {packages: [z], architecture: arm64}\nfunctions:\n"
)


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ('{layers: [a], python: "3.12"}', "3.12-x86_64"),
        ("{layers: [a, b]}", "3.13-x86_64"),
        ('{layers: [c], python: "3.13", architecture: arm64}', "3.13-arm64"),
    ],
)
def test_a_function_runs_on_what_its_layers_share(function: str, expected: str) -> None:
    (stack,) = read_manifest(f"{FANNED}  f: {function}\n", "layers.yml").stacks
    assert {layer.target.label for layer in stack.layers} == {expected}


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("{layers: [a]}",
         "layers.yml:9:3: function f: its layers are built for 3.12-x86_64, 3.13-x86_64\n"
         "  → say which one it runs on with python: and architecture:"),
        ("{layers: [b, c]}",
         "layers.yml:9:3: function f: no Python and architecture in common: b for 3.13-x86_64; c"
         " for 3.12-arm64, 3.13-arm64"),
        ('{layers: [b], python: "3.12"}',
         "layers.yml:9:3: function f: no Python and architecture in common: b for 3.13-x86_64"),
    ],
)  # fmt: skip
def test_a_function_without_one_target_is_refused(said: Said, function: str, expected: str) -> None:
    assert said(f"{FANNED}  f: {function}\n") == [expected]


def test_what_is_below_is_listed_once_and_circles_end() -> None:
    requires = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": [], "x": ["y"], "y": ["x"]}
    assert required_layers("a", requires) == ["b", "c", "d"]
    assert required_layers("x", requires) == ["y", "x"]
    assert required_layers("none", requires) == []
