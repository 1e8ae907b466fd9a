"""The mutations of `make mutants`: each still finds its place, and its tests are there."""

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def mutants() -> ModuleType:
    """Give the script, which lies with the tests that it is for."""
    spec = importlib.util.spec_from_file_location("mutants", ROOT / "tests/end_to_end/mutants.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_mutation_changes_its_file_and_names_tests_that_exist(mutants: ModuleType) -> None:
    assert len(mutants.MUTATIONS) >= 10
    assert len({mutation.name for mutation in mutants.MUTATIONS}) == len(mutants.MUTATIONS)
    for mutation in mutants.MUTATIONS:
        text = (ROOT / mutation.file).read_text(encoding="utf-8")
        assert mutants.mutate(text, mutation) != text
        for test in filter(None, mutants.named(mutation).values()):
            path, _, name = test.partition("::")
            tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
            functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
            assert not name or name in functions, test


def test_a_place_that_moved_is_told(mutants: ModuleType) -> None:
    with pytest.raises(ValueError, match=r"stand otherwise in action\.yml"):
        mutants.mutate("name: other", mutants.MUTATIONS[0])
