"""SECURITY.md promises what tests show, and names them."""

import ast
import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TEXT = (REPOSITORY / "SECURITY.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)
UNPROVEN = {"Who is trusted", "What none of this stops"}
"""What is assumed and what is not promised."""


def promises() -> list[str]:
    sections = {part.partition("\n")[0]: part for part in TEXT.split("\n## ")[1:]}
    assert sections.keys() > UNPROVEN
    return [
        bullet
        for title, part in sections.items()
        if title not in UNPROVEN
        for bullet in part.split("\n- ")[1:]
    ]


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_every_test_that_it_names_is_there(file: str, name: str) -> None:
    tree = ast.parse((REPOSITORY / file).read_text("utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("promise", promises())
def test_every_promise_names_a_test(promise: str) -> None:
    assert re.search(r"`tests/[\w/]+\.py::test_\w+`", promise)


def test_nothing_in_it_looks_like_a_test_and_is_none() -> None:
    assert len(NAMED) == TEXT.count("::")
