"""Code that reaches a folder or a program by its name."""

from collections.abc import Callable

import pytest

from layer_builder.model.prune_plan import PrunePlan
from layer_builder.prune.source import built_paths

Plan = Callable[..., PrunePlan]

TESTS = {"a/plugins/test/test_x.py": "", "a/plugins/test/abs.yml": "", "a/tests/test_y.py": ""}


def back(plan: PrunePlan) -> dict[str, str]:
    return {restored.path: restored.needed_by for restored in plan.restored}


def test_a_package_of_tests_that_is_named_in_quotes_stays_whole(plan: Plan) -> None:
    files = {"a/loader.py": "x = 1\nload('TestModule', 'a.plugins.test')\n", **TESTS}
    found = plan(files, dict.fromkeys(files, "a"))
    assert back(found) == dict.fromkeys(
        ["a/plugins/test/abs.yml", "a/plugins/test/test_x.py"], "a/loader.py:2"
    )
    assert found.removed_paths == {"a/tests/test_y.py"}


@pytest.mark.parametrize(
    ("source", "stays"),
    [
        ("p = here / 'tests' / kind\n", {"a/tests/data/x.ics", "a/tests/y.csv"}),
        ("p = here / 'tests' / 'data' / kind\n", {"a/tests/data/x.ics"}),
        ("p = os.path.join(here, 'tests', 'data')\n", {"a/tests/data/x.ics"}),
        ("p = here.joinpath('tests/data', name)\n", {"a/tests/data/x.ics"}),
        ("p = here / 'tests' / 'other' / kind\n", set()),
        ("'''\n>>> here / 'tests' / 'data'\n'''\n", set()),
        ("config.add_data_dir('tests')\n", set()),
        ("http = 'https://a.example/tests/data'\n", set()),
    ],
)
def test_data_among_tests_stays_where_a_path_to_it_is_built(
    plan: Plan, source: str, stays: set[str]
) -> None:
    files = {
        "a/examples.py": source,
        "a/tests/test_a.py": "",
        "a/tests/data/x.ics": "",
        "a/tests/y.csv": "",
    }
    assert back(plan(files, dict.fromkeys(files, "a"))) == dict.fromkeys(stays, "a/examples.py:1")


@pytest.mark.parametrize("path", ["a/conftest.py", "a/testing/x.py", "a/_testutils.py", "b/x.py"])
def test_what_runs_tests_or_is_of_others_needs_no_data_of_them(plan: Plan, path: str) -> None:
    files = {path: "here / 'tests' / 'x.csv'", "a/tests/test_a.py": "", "a/tests/x.csv": ""}
    owners = {name: name[0] for name in files}
    assert back(plan(files, owners)) == {}


def test_a_path_ends_where_its_parts_are_not_known() -> None:
    source = b"join(a, 'tests', f'{b}', 'c')\nx / 'tests/d' / 'e' / y\nb'no' / 1\n"
    assert built_paths(source, {"tests"}) == [(1, "tests"), (2, "tests/d/e")]


def test_a_program_that_its_distribution_looks_for_stays(plan: Plan) -> None:
    source = "def find():\n    return join(sysconfig.get_path('scripts'), 'deno' + exe)\n"
    files = {"deno/_find.py": source, "bin/deno": "", "bin/other": "", "bin/else": ""}
    owners = {"deno/_find.py": "deno", "bin/deno": "deno", "bin/other": "deno", "bin/else": "b"}
    found = plan(files, owners)
    assert back(found) == {"bin/deno": "deno/_find.py:2"}
    assert found.removed_paths == {"bin/other", "bin/else"}


def test_pip_stays_where_code_runs_it(plan: Plan) -> None:
    files = {"a.py": "\nrun([python, '-m', 'pip', *args])", "pip/__init__.py": "", "b.py": ""}
    owners = {"a.py": "a", "pip/__init__.py": "pip", "b.py": "b"}
    assert back(plan(files, owners)) == {"pip/__init__.py": "a.py:2"}
    assert plan(files | {"a.py": ""}, owners).removed_paths == {"pip/__init__.py"}


def test_source_maps_stay_where_code_follows_references_to_them(plan: Plan) -> None:
    files = {"storage.py": "\nr'sourceMappingURL=(.*)'", "a/x.js": "", "a/x.js.map": ""}
    assert back(plan(files)) == {"a/x.js.map": "storage.py:2"}
    assert plan(files | {"storage.py": ""}).removed_paths == {"a/x.js.map"}
