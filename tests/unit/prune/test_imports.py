import pytest
from hypothesis import given
from hypothesis import strategies as st

from layer_builder.prune.imports import (
    Import,
    When,
    imports_of,
    may_import,
)
from layer_builder.prune.source import module_name, name_and_parents

LOADING, GUARDED, LATER = When.LOADING, When.GUARDED, When.LATER


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a.py", "a"),
        ("a/b.py", "a.b"),
        ("a/__init__.py", "a"),
        ("a/_c.cpython-312-x86_64-linux-gnu.so", "a._c"),
        ("a/_c.abi3.so", "a._c"),
        ("a/_c.so", "a._c"),
        ("a/données.py", "a.données"),
        ("__init__.py", None),
        ("a/b.pyi", None),
        ("a/b-c.py", None),
        ("a.libs/b.so", None),
        ("a-1.dist-info/x.py", None),
        ("a/libz.so.1", None),
    ],
)
def test_a_path_names_a_module_or_none(path: str, name: str | None) -> None:
    assert module_name(path) == name


def test_a_name_has_its_packages_outermost_first() -> None:
    assert name_and_parents("a.b.c") == ["a", "a.b", "a.b.c"]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import a, b.c as d", [("a", 1, LOADING), ("b.c", 1, LOADING)]),
        ("from a import b, c", [("a", 1, LOADING), ("a.b", 1, LOADING), ("a.c", 1, LOADING)]),
        ("from . import x", [("p.q", 1, LOADING), ("p.q.x", 1, LOADING)]),
        ("from .x import y", [("p.q.x", 1, LOADING), ("p.q.x.y", 1, LOADING)]),
        ("from .. import x", [("p", 1, LOADING), ("p.x", 1, LOADING)]),
        ("from ..... import x", []),
        ("with a:\n  import b", [("b", 2, LOADING)]),
        ("try:\n  import a\nfinally:\n  import b", [("a", 2, GUARDED), ("b", 4, GUARDED)]),
        ("if a:\n  def f():\n    import b", [("b", 3, LATER)]),
        ("async def f():\n  if a:\n    import b", [("b", 3, LATER)]),
        (
            "class A:\n  def f(self):\n    import b\n  import c",
            [("b", 3, LATER), ("c", 4, LOADING)],
        ),
        ("import_module('a.b')", [("a.b", 1, LOADING)]),
        ("x = [import_module('.a', 'p.q')]", [("p.q.a", 1, LOADING)]),
        ("import_module(name)", []),
        ("import_module('not a name')", []),
        ("files('a.data').joinpath('x')", [("a.data", 1, LOADING)]),
        ("import a\0", []),
        ("print 'old'", []),
        ("# -*- coding: latin-1 -*-\nimport a", [("a", 2, LOADING)]),
        ("import a\r\nimport b\r\n", [("a", 1, LOADING), ("b", 2, LOADING)]),
    ],
)
def test_imports_are_read_with_line_and_time(
    source: str, found: list[tuple[str, int, When]]
) -> None:
    expected = [Import(name=name, line=line, when=when) for name, line, when in found]
    assert imports_of(source.encode(), "p.q.m", is_package=False) == expected


def test_a_package_is_its_own_parent_for_relative_imports() -> None:
    found = imports_of(b"from .x import y", "p.q", is_package=True)
    assert [item.name for item in found] == ["p.q.x", "p.q.x.y"]


@pytest.mark.parametrize("nested", ["+".join(["1"] * 900), "a" + ".b" * 900, "[" * 90 + "]" * 90])
def test_deep_nesting_hides_no_import(nested: str) -> None:
    """Generated tables nest deeper than Python's own limit of recursion."""
    found = imports_of(f"import a\nx = {nested}\nimport b\n".encode(), "m", is_package=False)
    assert [item.name for item in found] == ["a", "b"]


@pytest.mark.parametrize(
    ("source", "may"),
    [
        (b"import a.tests", True),
        (b"from .tests import x", True),
        (b"from a import (\n    b,\n    tests,\n)", True),
        (b"from a import (  # note (of two)\n    b,  # another :)\n    tests,\n)", True),
        (b"from a import b, \\\n    tests", True),
        (b"load(import_module(\n    'a.tests'))", True),
        (b"tests = 1", False),
        (b"import mytests, tests_of", False),
        (b"import a\n\ntests()", False),
        (b"from a import (b)\ntests = 1", False),
    ],
)
def test_a_cheap_look_finds_every_import_of_a_word(source: bytes, may: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert may_import(source, [b"tests"]) is may


NAMES = st.sampled_from(["tests", "other", "tests as t", "x"])


@given(
    st.lists(NAMES, min_size=1, max_size=5),
    st.sampled_from([", ", ",\n    ", ",  # note (odd)\n    ", ", # tests\n"]),
    st.sampled_from(["", "import os\n", "f(tests, (1))\n", "# import (\n"]),
)
def test_the_cheap_look_misses_nothing_that_parsing_finds(
    names: list[str], comma: str, before: str
) -> None:
    source = f"{before}from a import (\n    {comma.join(names)}\n)\n".encode()
    found = {item.name for item in imports_of(source, "m", is_package=False)}
    assert may_import(source, [b"tests"]) or "a.tests" not in found
