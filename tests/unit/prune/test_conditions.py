"""What is a test, a stub, a translation's source, a copy, a text for people; and what only looks so."""

from collections.abc import Callable

import pytest

from layer_builder.model.prune_plan import PrunePlan
from layer_builder.model.settings import PruneProfile

Plan = Callable[..., PrunePlan]


@pytest.mark.parametrize(
    ("files", "removed"),
    [
        (["a/plugins/test/core.py", "a/plugins/test/abs.yml"], set()),
        (["a/macros/tests/unique.sql"], set()),
        (["a/tests/test_a.py", "a/tests/x.csv"], {"a/tests/test_a.py", "a/tests/x.csv"}),
        (["a/tests/b/a_test.py", "a/tests/x.csv"], {"a/tests/b/a_test.py", "a/tests/x.csv"}),
        (["a/tests/conftest.py", "a/tests/x.csv"], {"a/tests/conftest.py", "a/tests/x.csv"}),
        (["a/tests/__init__.py", "a/tests/abstract/put.py"],
         {"a/tests/__init__.py", "a/tests/abstract/put.py"}),
        (["a/core.py", "a/core.pyi", "a/_c.pyi", "a/_c.abi3.so"], {"a/core.pyi", "a/_c.pyi"}),
        (["a/_rust.abi3.so", "a/_rust/x509.pyi"], {"a/_rust/x509.pyi"}),
        (["a/third_party/typeshed/os.pyi", "a/third_party/typeshed/x.py"], set()),
        (["a/b-stubs/__init__.pyi", "a/b-stubs/x.py"], set()),
        (["a/knowledge/os.pyi"], set()),
        (["a-stubs/__init__.pyi", "a/__init__.py"], {"a-stubs/__init__.pyi"}),
        (["a/de/x.po", "a/de/x.mo", "a/fr/x.po"], {"a/de/x.po"}),
        (["share/jupyter/nbextensions/a/i.js", "a/nbextension/i.js", "share/jupyter/x.json"],
         {"share/jupyter/nbextensions/a/i.js"}),
        (["a/x.js", "a/x.js.map", "a/city.map"], {"a/x.js.map"}),
        (["bin/ddtrace-run", "bin/opentelemetry-instrument", "bin/pygmentize"], {"bin/pygmentize"}),
    ],
)  # fmt: skip
def test_the_safe_profile_takes_what_it_means(
    plan: Plan, files: list[str], removed: set[str]
) -> None:
    assert plan(dict.fromkeys(files, "")).removed_paths == removed


@pytest.mark.parametrize(
    ("path", "goes"),
    [
        ("a/README.md", True),
        ("a/LICENSE.txt", False),
        ("a-1.dist-info/licenses/LICENSE", False),
        ("a-1.dist-info/COPYING", False),
        ("a/CHANGELOG.rst", True),
        ("a/authors.txt", True),
        ("a/frequency_dictionary.txt", False),
        ("a/stopwords/english.txt", False),
        ("a/newsgroups.txt", False),
        ("a/bin/core", False),
        ("a/bin/lib.so.1", False),
        ("a/bin/jvm/run.sh", True),
        ("a-1.dist-info/WHEEL", False),
        ("a-1.dist-info/RECORD", True),
    ],
)
def test_the_aggressive_profile_leaves_data_alone(plan: Plan, path: str, goes: bool) -> None:  # noqa: FBT001 (a column of the table)
    found = plan({path: "", "a/__init__.py": ""}, profile=PruneProfile.AGGRESSIVE)
    assert (path in found.removed_paths) is goes


def test_a_copy_of_another_size_or_distribution_is_none(plan: Plan) -> None:
    files = {"share/jupyter/a/i.js": "1", "a/i.js": "22", "share/jupyter/b/j.js": "", "c/j.js": ""}
    owners = {"share/jupyter/a/i.js": "a", "a/i.js": "a", "share/jupyter/b/j.js": "b"}
    assert plan(files, owners | {"c/j.js": "c"}).removed_paths == set()


def test_tests_that_guides_build_on_and_headers_that_a_compiler_reads_stay(plan: Plan) -> None:
    files = {"gensim/test/test_a.py": "", "warp/native/a.h": "", "b/test/test_a.py": ""}
    owners = {"gensim/test/test_a.py": "gensim", "warp/native/a.h": "warp-lang"}
    assert plan(files, owners | {"b/test/test_a.py": "b"}).removed_paths == {"b/test/test_a.py"}
