"""What to import, how to share it out, and how rounds add up."""

from dataclasses import replace

import pytest

from layer_builder.model.settings import ProofDepth
from layer_builder.prove import selection
from layer_builder.prove.results import ImportResult, ImportResults, Verdict, join_results

GOOD, BAD, DEAD = (ImportResult(verdict=verdict) for verdict in Verdict)
PATHS = [
    "app.py", "lib/__init__.py", "lib/a.py", "lib/b/__init__.py", "lib/b/c.py", "lib/__main__.py",
    "cloud/vendor/store/__init__.py", "cloud/vendor/store/blob.py", "cloud/vendor/store/x/y.py",
    "lib/data.txt", "lib/not-a-module.py", "app-1.0.dist-info/METADATA",
    "ext.cpython-312-x86_64-linux-gnu.so", "lib/_c.abi3.so",
]  # fmt: skip


@pytest.mark.parametrize(
    ("depth", "names"),
    [
        (
            ProofDepth.IMPORTS,
            ["app", "cloud.vendor.store", "ext", "lib", "cloud.vendor.store.blob",
             "cloud.vendor.store.x.y", "lib._c", "lib.a", "lib.b", "app:main", "lib.z"],
        ),
        (
            ProofDepth.DEEP,
            ["app", "cloud.vendor.store", "ext", "lib", "cloud.vendor.store.blob",
             "cloud.vendor.store.x.y", "lib._c", "lib.a", "lib.b", "lib.b.c", "app:main", "lib.z"],
        ),
        (ProofDepth.STATIC, []),
        (ProofDepth.OFF, []),
    ],
)  # fmt: skip
def test_modules_are_named_as_deep_as_asked(depth: ProofDepth, names: list[str]) -> None:
    assert selection.modules_to_prove(PATHS, depth, ["app:main", "app"], ["lib.z", "lib"]) == names


def test_packages_come_before_what_is_in_them() -> None:
    names = selection.modules_to_prove(PATHS, ProofDepth.DEEP, [], [])
    for name in names:
        parent = name.rpartition(".")[0]
        assert parent not in names or names.index(parent) < names.index(name)


def test_few_names_are_not_shared_out() -> None:
    names = [f"p{n}" for n in range(99)]
    assert selection.shares(names, {}) == [names]
    assert selection.shares([], {}) == []


def test_shares_hold_whole_packages_and_are_about_as_heavy() -> None:
    names = [f"p{n % 10}.m{n}" for n in range(200)] + ["p3:attribute"]
    weights = {f"p{n}": 1000 * n for n in range(10)}
    found = selection.shares(names, weights)
    assert len(found) == selection.SHARES
    assert sorted(name for share in found for name in share) == sorted(names)
    tops = [{name.partition(":")[0].partition(".")[0] for name in share} for share in found]
    assert sum(map(len, tops)) == len(set().union(*tops)) == 10
    loads = [sum(weights[top] for top in share) for share in tops]
    assert max(loads) - min(loads) <= 3000


def test_one_package_makes_one_share() -> None:
    names = [f"big.m{n}" for n in range(300)]
    assert selection.shares(names, {"big": 9}) == [names]


def test_rounds_add_up_and_the_last_attempt_counts() -> None:
    first = ImportResults(
        by_name={"a": replace(GOOD, loaded=frozenset({"a.py"})), "b": BAD}, version="3.12.1",
        isolated=("files", "network"),
    )  # fmt: skip
    second = ImportResults(
        by_name={"b": replace(GOOD, loaded=frozenset({"b.py"})), "c": DEAD}, isolated=("network",)
    )
    whole = join_results([first, second], ["c", "b", "a"])
    assert whole == ImportResults(
        by_name={"c": DEAD, "b": second.by_name["b"], "a": first.by_name["a"]},
        version="3.12.1", isolated=("network",),
    )  # fmt: skip
    assert (whole.imported, whole.broken) == (["b", "a"], ["c"])
    assert whole.loaded == {"a.py", "b.py"}
    assert whole.loaded_by(["b", "c"]) == {"b.py"}
    assert list(whole.only(["a"]).by_name) == ["a"]


def test_what_a_function_imports_itself_are_top_level_modules_and_those_asked_for() -> None:
    names = ["a", "google.cloud.x", "z", "a.b", "a.b.c", "google.cloud.x.y", "a:main"]
    assert selection.first_imports(names, ["a.b.c"]) == ["a", "google.cloud.x", "z", "a.b.c"]


def test_no_rounds_are_an_empty_round() -> None:
    assert join_results([], []) == ImportResults(by_name={})


def test_what_is_confirmed_goes_by_distribution_and_what_is_asked_besides_by_package() -> None:
    groups = [["a", "a_more"], ["b"]]
    asked = ["a", "c.one", "c.two", "d:main"]
    names = ["a", "b", "c.one", "c.two", "d:main", "e"]
    assert selection.to_confirm(names, groups, asked) == [
        ["a"],
        ["b"],
        ["c.one", "c.two"],
        ["d:main"],
    ]
    assert selection.to_confirm(["e"], groups, asked) == []
