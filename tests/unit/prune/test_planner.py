from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.model.prune_plan import InstalledFile, PrunePlan, Removal, Restoration, RuleTotal
from layer_builder.model.settings import PruneProfile
from layer_builder.prune.planner import PruneRules

PATHS = st.sampled_from(
    [
        "a/__init__.py", "a/core.py", "a/core.pyc", "a/core.pyi", "a/lone.pyc", "a/names.txt",
        "a/tests/__init__.py", "a/tests/util.py", "a/tests/test_core.py", "a/docs/__init__.py",
        "a/docs/text.py", "a/docs/page.md", "a/bin/tool", "bin/a", "a/fast.pyx", "a/py.typed",
        "a-1.dist-info/METADATA", "a-1.dist-info/entry_points.txt", "a-1.dist-info/RECORD",
        "b/__init__.py", "b/test/__init__.py", "pip/__init__.py", "pip-1.dist-info/METADATA",
        "tests/__init__.py", "tests/deep/x.py", "odd-name.py",
    ]
)  # fmt: skip
SOURCES = st.sampled_from(
    ["", "import a.tests.util", "from .tests import util", "from . import docs, tests",
     "def f():\n    import a.docs.text", "open('names.txt')", "attach_stub", "from .test import *",
     "import_module('a.tests')", "open('page.md')", "import b.test, tests.deep.x", "from a import ("]
)  # fmt: skip
TREES = st.dictionaries(PATHS, SOURCES, max_size=20)
GLOBS = st.lists(st.sampled_from(["*.py", "a/", "/b/", "*.txt", "!a/core.py", "tests"]), max_size=2)
RULES = st.builds(
    PruneRules,
    profile=st.sampled_from(PruneProfile),
    keep=GLOBS.map(tuple),
    drop=GLOBS.map(tuple),
    asked_for=st.sets(st.sampled_from(["pip", "a"])).map(frozenset),
)


def pruned(rules: PruneRules, tree: Mapping[str, str]) -> PrunePlan:
    entries = [InstalledFile(path=path, size=len(source) + 1) for path, source in tree.items()]
    owners = {path: path[0] if path[0] in "ab" else "pip" for path in tree}
    return rules(entries, owners, lambda path: tree[path].encode())


@given(RULES, TREES)
def test_every_file_goes_or_stays_and_none_does_both(
    rules: PruneRules, tree: dict[str, str]
) -> None:
    plan = pruned(rules, tree)
    restored = {restoration.path for restoration in plan.restored}
    assert plan.removed_paths <= tree.keys()
    assert restored <= tree.keys()
    assert not plan.removed_paths & restored
    assert len(plan.removals) == len(plan.removed_paths)
    assert sum(total.files for total in plan.totals) == len(plan.removals)
    assert sum(total.bytes for total in plan.totals) == sum(r.entry.size for r in plan.removals)


@given(RULES, TREES)
def test_a_pruned_tree_has_nothing_more_to_prune(rules: PruneRules, tree: dict[str, str]) -> None:
    removed = pruned(rules, tree).removed_paths
    left = {path: source for path, source in tree.items() if path not in removed}
    assert pruned(rules, left).removals == ()


@given(RULES, TREES)
def test_metadata_of_what_stays_is_never_removed(rules: PruneRules, tree: dict[str, str]) -> None:
    assert not {path for path in pruned(rules, tree).removed_paths if path.startswith("a-1")} & {
        "a-1.dist-info/METADATA",
        "a-1.dist-info/entry_points.txt",
    }


@given(RULES, TREES)
def test_whoever_needs_a_restored_file_stays(rules: PruneRules, tree: dict[str, str]) -> None:
    plan = pruned(rules, tree)
    needing = {restoration.needed_by.rpartition(":")[0] for restoration in plan.restored}
    assert needing <= tree.keys() - plan.removed_paths


def test_the_first_rule_that_matches_names_the_removal(plan: Callable[..., PrunePlan]) -> None:
    files = {"a/tests/x.pyc": "", "a/tests/test_x.py": "", "a/x.py": ""}
    found = {r.entry.path: r.rule for r in plan(files, drop=("*.pyc",)).removals}
    assert found == {"a/tests/x.pyc": "drop", "a/tests/test_x.py": "tests"}


def test_keep_wins_over_drop_and_over_every_rule(plan: Callable[..., PrunePlan]) -> None:
    files = {"a/tests/x.py": "", "a/x.py": "", "a/y.py": ""}
    assert plan(files, keep=("tests/", "x.py"), drop=("*.py",)).removed_paths == {"a/y.py"}


def test_bytecode_without_a_source_is_the_module_itself(plan: Callable[..., PrunePlan]) -> None:
    files = {
        "a/x.py": "",
        "a/x.pyc": "",
        "a/only.pyc": "",
        "a/__pycache__/gone.cpython-312.pyc": "",
    }
    assert plan(files).removed_paths == {"a/x.pyc", "a/__pycache__/gone.cpython-312.pyc"}


@pytest.mark.parametrize(
    ("rules", "removed"),
    [
        ({}, {"pip/a.py", "pip-1.dist-info/METADATA"}),
        ({"asked_for": frozenset({"pip"})}, set()),
        ({"profile": PruneProfile.OFF}, set()),
        ({"keep": ("pip/a.py",)}, {"pip-1.dist-info/METADATA"}),
    ],
)
def test_installers_go_whole_unless_they_are_asked_for(
    plan: Callable[..., PrunePlan], rules: dict[str, object], removed: set[str]
) -> None:
    files = {"pip/a.py": "", "pip-1.dist-info/METADATA": "", "b.py": ""}
    owners = {"pip/a.py": "pip", "pip-1.dist-info/METADATA": "pip", "b.py": "b"}
    assert plan(files, owners, **rules).removed_paths == removed


def test_native_sources_of_what_compiles_at_run_time_stay(plan: Callable[..., PrunePlan]) -> None:
    files = {"cffi/_embedding.h": "", "numpy/core.h": ""}
    owners = {"cffi/_embedding.h": "cffi", "numpy/core.h": "numpy"}
    assert plan(files, owners).removed_paths == {"numpy/core.h"}


def test_totals_put_the_most_bytes_first() -> None:
    plan = PrunePlan(
        removals=(
            Removal(entry=InstalledFile(path="a", size=1), rule="tests"),
            Removal(entry=InstalledFile(path="b", size=5), rule="stubs"),
            Removal(entry=InstalledFile(path="c", size=2), rule="tests"),
        )
    )
    assert plan.totals == (
        RuleTotal(rule="stubs", files=1, bytes=5),
        RuleTotal(rule="tests", files=2, bytes=3),
    )


def test_a_plan_can_be_made_to_leave_files_where_they_are() -> None:
    gone, back = InstalledFile(path="a", size=1), InstalledFile(path="b", size=5)
    plan = PrunePlan(removals=(Removal(entry=gone, rule="x"), Removal(entry=back, rule="y")))
    assert plan.restoring({"b": "import c", "unknown": "nobody"}) == PrunePlan(
        removals=(Removal(entry=gone, rule="x"),),
        restored=(Restoration(path="b", size=5, rule="y", needed_by="import c"),),
    )
