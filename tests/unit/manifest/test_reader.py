from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.errors import ManifestError, Problem
from layer_builder.manifest.reader import list_requirements_files, read_manifest
from layer_builder.model import Architecture, Python
from layer_builder.model.limits import MIB, Budget
from layer_builder.model.settings import Compression, PruneProfile

TOP = 'version: 1\npython: "3.12"\n'
ONE = "layers: {a: {packages: [x]}}\n"
WORDS = st.sampled_from(
    [
        "version", "python", "layers", "functions", "a", "b", "packages", "include", "requirements",
        "requires", "limits", "zip", "keep", "name", "prune", "architecture", "from", "to", "sdk",
        "1", "'3.12'", "../x", "off", "{layer}", "'{'", "50 MiB", "80%", "~", "!", "&a", "*a", "<<",
    ]
)  # fmt: skip
TREES = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(st.tuples(WORDS, inner), max_size=4).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=8,
)


def test_a_layer_overrides_what_the_top_says() -> None:
    text = """\
version: 1
python: "3.13"
architecture: arm64
name: "shop-{layer}-{python}-{architecture}"
prune: aggressive
compression: best
limits: {zip: 40 MiB, unzipped: 100 MiB, warn-at: 70%}
description: everything
layers:
  plain: {packages: b}
  own:
    packages: [b]
    python: "3.11"
    architecture: x86_64
    name: mine
    prune: off
    compression: fast
    limits: {zip: 1 MB}
    description: ""
"""
    plain, own = read_manifest(text, "layers.yml").layers
    assert (plain.name, plain.target.label) == ("shop-plain-313-arm64", "3.13-arm64")
    assert (plain.prune, plain.compression) == (PruneProfile.AGGRESSIVE, Compression.BEST)
    assert plain.budget == Budget(zip_bytes=40 * MIB, unzipped_bytes=100 * MIB, warn_at=0.7)
    assert plain.description == "everything"
    assert (own.name, own.target.label) == ("mine", "3.11-x86_64")
    assert (own.prune, own.compression) == (PruneProfile.OFF, Compression.FAST)
    assert own.budget == Budget(zip_bytes=1_000_000, unzipped_bytes=100 * MIB, warn_at=0.7)
    assert own.description == ""


def test_python_3_10_is_not_3_1() -> None:
    (layer,) = read_manifest(f"version: 1\npython: 3.10\n{ONE}", "layers.yml").layers
    assert layer.target.runtime == "python3.10"


def test_a_list_of_targets_fans_out_without_repeats() -> None:
    text = (
        'version: 1\nname: "{layer}-{python}-{architecture}"\npython: ["3.12", "3.13", "3.12"]\n'
        f"architecture: [x86_64, arm64]\n{ONE}"
    )
    assert [layer.id for layer in read_manifest(text, "layers.yml").layers] == [
        "a 3.12-x86_64",
        "a 3.12-arm64",
        "a 3.13-x86_64",
        "a 3.13-arm64",
    ]


def test_targets_of_one_layer_may_share_its_name_but_not_their_files() -> None:
    text = f'version: 1\npython: ["3.12", "3.13"]\n{ONE}'
    old, new = read_manifest(text, "layers.yml").layers
    assert old.name == new.name == "a"
    assert (old.stem, new.stem) == ("a-3.12-x86_64", "a-3.13-x86_64")


@pytest.mark.parametrize(
    ("include", "source", "to"),
    [
        ("src/", "src", "python/src"),
        ("{from: src/app/, to: python/app/}", "src/app", "python/app/"),
        ("[./data/x.json]", "data/x.json", "python/data/x.json"),
        (".", ".", "python"),
    ],
)
def test_an_include_goes_below_python_unless_told_where(include: str, source: str, to: str) -> None:
    (layer,) = read_manifest(f"{TOP}layers: {{a: {{include: {include}}}}}\n", "layers.yml").layers
    assert [(found.source, found.to) for found in layer.include] == [(source, to)]


def test_a_function_takes_the_target_that_all_its_layers_have() -> None:
    text = """\
version: 1
layers:
  both: {packages: [x], python: ["3.12", "3.13"], name: "both-{python}"}
  new: {packages: [y], python: "3.13"}
functions:
  f: {layers: [new, both], reserve: 1 MiB, function-name: real}
  g: {layers: [both], python: "3.12"}
"""
    f, g = read_manifest(text, "layers.yml").stacks
    assert [layer.id for layer in f.layers] == ["new 3.13-x86_64", "both 3.13-x86_64"]
    assert (f.function_name, f.reserve, str(f.place)) == ("real", MIB, "layers.yml:6:3")
    assert [layer.id for layer in g.layers] == ["both 3.12-x86_64"]


def test_merges_and_anchors_save_repetition() -> None:
    text = f"{TOP}layers:\n  a: &a {{packages: [x], prune: off}}\n  b: {{<<: *a, packages: [y]}}\n"
    _, b = read_manifest(text, "layers.yml").layers
    assert (b.prune, [reference.text for reference in b.packages]) == (PruneProfile.OFF, ["y"])


def test_selecting_keeps_the_layers_and_the_functions_made_of_them() -> None:
    text = (
        f"{TOP}layers: {{a: {{packages: [x]}}, b: {{packages: [y]}}}}\n"
        "functions: {f: {layers: [a]}, g: {layers: [a, b]}}\n"
    )
    manifest = read_manifest(text, "layers.yml")
    chosen = manifest.select(["a"])
    assert [layer.key for layer in chosen.layers] == ["a"]
    assert [stack.key for stack in chosen.stacks] == ["f"]
    assert manifest.select([]) == manifest


TARGETS = """version: 1
python: ["3.12", "3.13"]
architecture: [x86_64, arm64]
layers:
  low: {packages: [x]}
  high: {packages: [y], requires: [low]}
  other: {packages: [z], python: "3.13", architecture: arm64}
functions:
  f: {layers: [low, other], python: "3.13", architecture: arm64}
  g: {layers: [low, high], python: "3.12", architecture: x86_64}
"""


def test_targets_are_selected_with_the_functions_made_of_them() -> None:
    manifest = read_manifest(TARGETS, "layers.yml")
    chosen = manifest.select((), [Python.PY313], [Architecture.ARM64])
    assert [layer.id for layer in chosen.layers] == [
        "low 3.13-arm64", "high 3.13-arm64", "other 3.13-arm64",
    ]  # fmt: skip
    assert ([stack.key for stack in chosen.stacks], chosen.relatives) == (["f"], ())
    chosen = manifest.select(["low"], [], [Architecture.ARM64])
    assert [layer.id for layer in chosen.layers] == ["low 3.12-arm64", "low 3.13-arm64"]
    assert chosen.stacks == ()
    assert [layer.id for layer in chosen.relatives] == [
        "high 3.12-arm64", "high 3.13-arm64", "other 3.13-arm64",
    ]  # fmt: skip


def test_targets_that_no_layer_is_for_are_refused() -> None:
    manifest = read_manifest(TARGETS, "layers.yml")
    with pytest.raises(ManifestError) as raised:
        manifest.select(["other"], [Python.PY312], [Architecture.ARM64])
    assert [problem.lines() for problem in raised.value.problems] == [
        [
            "layers.yml: no layer is built for 3.12 on arm64",
            "  → the layers are for 3.13-arm64",
        ]
    ]


def test_selecting_what_is_not_there_offers_the_nearest_key() -> None:
    manifest = read_manifest(f"{TOP}layers: {{core-deps: {{packages: [x]}}}}\n", "layers.yml")
    with pytest.raises(ManifestError) as raised:
        manifest.select(["core-dep", "zzz"])
    assert [problem.lines() for problem in raised.value.problems] == [
        ["layers.yml: there is no layer 'core-dep'", "  → did you mean 'core-deps'?"],
        ["layers.yml: there is no layer 'zzz'", "  → known here: core-deps"],
    ]


def test_requirements_files_are_found_even_in_a_manifest_with_mistakes() -> None:
    text = "layers:\n  a: {requirements: [one.txt, ../no.txt, 5]}\n  b: {requirements: two.txt}\n  c: 7\n"
    assert [(r.text, str(r.place)) for r in list_requirements_files(text, "layers.yml")] == [
        ("one.txt", "layers.yml:2:22"),
        ("two.txt", "layers.yml:3:21"),
    ]


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(
    said: Callable[[str], list[str]],
) -> None:
    text = """\
version: 2
python: "2.7"
layers:
  a: {prune: hard}
  b: {packges: [x]}
functions: {f: {layers: []}}
limits: {zip: big}
prune: no
"""
    assert said(text) == [
        "layers.yml:1:10: version: 2 is not one of 1",
        "layers.yml:2:9: python: '2.7' is not one of 3.10, 3.11, 3.12, 3.13, 3.14, 3.15",
        "layers.yml:4:14: layer a: prune: 'hard' is not one of off, safe, aggressive",
        "layers.yml:5:7: layer b: unknown key 'packges'\n  → did you mean 'packages'?",
        "layers.yml:6:25: layers must have at least one entry, not an empty list",
        "layers.yml:7:15: zip: 'big': a size is a number with a unit, such as `50 MiB`",
        "layers.yml:8:8: prune: 'no' is not one of off, safe, aggressive",
    ]


def test_all_contradictions_are_told_at_once_in_the_order_of_the_file(
    said: Callable[[str], list[str]],
) -> None:
    text = """\
version: 1
python: "3.12"
layers:
  a: {include: ../x}
  b: {}
  c: {packages: [x], limits: {unzipped: 1 GB}}
functions:
  f: {layers: [a, d]}
"""
    assert [line.partition(": ")[0] for line in said(text)] == [
        "layers.yml:4:16",
        "layers.yml:5:3",
        "layers.yml:6:41",
        "layers.yml:8:19",
    ]


@given(st.one_of(TREES, st.lists(TREES, max_size=3).map("\n".join)))
def test_whatever_is_written_the_only_failure_is_a_manifest_error(tree: str) -> None:
    text = f"{TOP}layers:\n  a: {tree}\n  b: {{packages: [x], {tree}: {tree}}}\nname: {tree}\n"
    for candidate in (tree, text, f"{TOP}{ONE}functions: {{f: {tree}}}\n"):
        problems: tuple[Problem, ...] = ()
        try:
            assert read_manifest(candidate, "layers.yml").layers
        except ManifestError as error:
            problems = error.problems
        assert all(problem.place for problem in problems)
