from collections.abc import Callable

import pytest

from layer_builder.manifest.validation import Mistakes
from layer_builder.manifest.yaml_reader import parse_yaml

TOP = 'version: 1\npython: "3.12"\n'
ONE = "layers: {a: {packages: [x]}}\n"

SHAPES = [
    ("hello", "1:1: a manifest is a mapping with the keys version, python and layers"),
    ("- a\n", "1:1: a manifest is a mapping with the keys version, python and layers"),
    (f"python: '3.12'\n{ONE}", "1:1: the manifest needs the key 'version'"),
    (TOP, "1:1: the manifest needs the key 'layers'"),
    (f"{TOP}layers:\n", "3:8: layers must be a mapping, not nothing"),
    (f"{TOP}layers: {{}}\n", "3:9: layers must have at least one entry, not an empty mapping"),
    (f"{TOP}layers: {{a: }}\n", "3:12: layer a: a must be a mapping of keys, not nothing"),
    (f"{TOP}layers: {{a: [x]}}\n", "3:13: layer a: a must be a mapping of keys, not a list"),
    (f"version: '1'\npython: '3.12'\n{ONE}", "1:10: version: '1' is not one of 1"),
    (f"version: 1\npython: [ ]\n{ONE}", "2:9: python must have at least one entry, not an empty list"),
    (f"{TOP}{ONE}keep: [a, 5]\n", "4:11: keep, entry 2 must be text, not 5"),
    (f"{TOP}{ONE}keep: ''\n", "4:7: keep must have at least one character, not ''"),
    (f"{TOP}{ONE}keep: ['!']\n", "4:8: keep, entry 1: '!': git knows no such pattern"),
    (f"{TOP}{ONE}limits: [1]\n", "4:9: limits must be a mapping of keys, not a list"),
    (f"{TOP}{ONE}functions: {{f: }}\n", "4:15: f must be a mapping of keys, not nothing"),
    (f"{TOP}{ONE}functions: {{f: {{}}}}\n", "4:16: f needs the key 'layers'"),
    (
        f"{TOP}layers: {{a: {{include: [{{to: x}}]}}}}\n",
        "3:24: layer a: include, entry 1 needs the key 'from'",
    ),
]  # fmt: skip

KEYS = [
    (f"{TOP}{ONE}functoins: {{}}\n", "4:1: unknown key 'functoins'", "did you mean 'functions'?"),
    (
        f"{TOP}layers: {{a: {{requirments: r.txt}}}}\n",
        "3:14: layer a: unknown key 'requirments'",
        "did you mean 'requirements'?",
    ),
    (
        f"{TOP}layers: {{a: {{include: [{{from: x, two: y}}]}}}}\n",
        "3:34: layer a: unknown key 'two'",
        "did you mean 'to'?",
    ),
    (
        f"{TOP}layers: {{a: {{packages: [x], limits: {{zipp: 1}}}}}}\n",
        "3:38: layer a: unknown key 'zipp'",
        "did you mean 'zip'?",
    ),
    (
        f"{TOP}{ONE}functions: {{f: {{layers: [a], fuction-name: x}}}}\n",
        "4:30: unknown key 'fuction-name'",
        "did you mean 'function-name'?",
    ),
    (
        f"{TOP}{ONE}limits: {{8: 1}}\n",
        "4:10: unknown key '8'",
        "known here: unzipped, warn-at, zip",
    ),
]

VALUES = [
    (f"version: 1\npython: 3.9\n{ONE}", "2:9: python: '3.9' is not one of 3.10, 3.11,"),
    (f"version: 1\npython: 3\n{ONE}", "2:9: python: 3 is not one of 3.10, 3.11,"),
    (f"version: 1\npython: ['3.12', '2.7']\n{ONE}", "2:18: python, entry 2: '2.7' is not one of"),
    (f"{TOP}{ONE}architecture: x64\n", "4:15: architecture: 'x64' is not one of x86_64, arm64"),
    (f"{TOP}{ONE}prune: agressive\n", "4:8: prune: 'agressive' is not one of off, safe, aggressive"),
    (f"{TOP}{ONE}compression: 5\n", "4:14: compression: 5 is not one of fast, balanced, best"),
    (f"{TOP}{ONE}limits: {{zip: -1}}\n", "4:15: zip must be a size such as `50 MiB`, not -1"),
    (f"{TOP}{ONE}limits: {{zip: 5 apples}}\n", "4:15: zip: '5 apples': a size is a number with"),
    (f"{TOP}{ONE}limits: {{zip: {'9' * 5000}}}\n", "4:15: zip must be a size such as `50 MiB`, not"),
    (f"{TOP}{ONE}limits: {{zip: true}}\n", "4:15: zip: True: a size is a number with a unit"),
    (f"{TOP}{ONE}limits: {{warn-at: 80}}\n", "4:19: warn-at: 80: a share is a percentage above 0"),
    (f"{TOP}{ONE}limits: {{warn-at: 101%}}\n", "4:19: warn-at: '101%': a share is a percentage"),
    (
        f"{TOP}{ONE}description: {'d' * 161}\n",
        "4:14: description has 161 characters; AWS takes 256, 96 of them for the stamp: 160 are left",
    ),
    (f"{TOP}{ONE}license: {'l' * 513}\n", "4:10: license has 513 characters; AWS takes 512"),
    (f"{TOP}{ONE}sdk: s3\n", "4:6: sdk: 's3': it is bundle, runtime, auto, or a list of services"),
    (f"{TOP}{ONE}strip: yes\n", "4:8: strip"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), SHAPES)
def test_a_wrong_shape_is_told_where_it_stands(
    said: Callable[[str], list[str]], text: str, message: str
) -> None:
    assert f"layers.yml:{message}" in said(text)


@pytest.mark.parametrize(("text", "message", "advice"), KEYS)
def test_an_unknown_key_is_told_with_the_nearest_right_one(
    said: Callable[[str], list[str]], text: str, message: str, advice: str
) -> None:
    assert said(text) == [f"layers.yml:{message}\n  → {advice}"]


@pytest.mark.parametrize(("text", "message"), VALUES)
def test_a_wrong_value_is_told_with_what_would_do(
    said: Callable[[str], list[str]], text: str, message: str
) -> None:
    (only,) = said(text)
    assert only.startswith(f"layers.yml:{message}")


def test_a_misspelt_choice_is_told_with_the_nearest_right_one(
    said: Callable[[str], list[str]],
) -> None:
    (only,) = said(f"{TOP}{ONE}prune: agressive\n")
    assert only.endswith("\n  → did you mean 'aggressive'?")


def test_a_mistake_in_a_merged_layer_stands_where_it_was_written(
    said: Callable[[str], list[str]],
) -> None:
    text = f"{TOP}layers:\n  a: &a {{packages: [x], prune: safe}}\n  b: {{prune: hard, <<: *a}}\n"
    assert said(text) == [
        "layers.yml:5:14: layer b: prune: 'hard' is not one of off, safe, aggressive"
    ]


def test_the_same_mistake_is_told_once() -> None:
    found = Mistakes(parse_yaml("a: 1\nb: 2\n", "x.yml"))
    found.add("second", ("b",))
    found.add("first", ("a",), of_key=True)
    found.add("second", ("b",))
    assert len(found) == 2
    assert [problem.lines() for problem in found.error().problems] == [
        ["x.yml:1:1: first"],
        ["x.yml:2:4: second"],
    ]


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("amd64", "x86_64"),
        ("AMD64", "x86_64"),
        ("x64", "x86_64"),
        ("aarch64", "arm64"),
        ("arm", "arm64"),
    ],
)
def test_an_architecture_is_known_by_its_other_names(
    said: Callable[[str], list[str]], given: str, meant: str
) -> None:
    (only,) = said(f"{TOP}{ONE}architecture: {given}\n")
    assert only.endswith(f"\n  → did you mean '{meant}'? {given} is another name for it")
