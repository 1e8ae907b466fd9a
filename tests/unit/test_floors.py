"""Keeps the house: every module has a floor, and imports point down.

A new module gets a floor here and in docs/architecture.md.
"""

import ast
import re
import sys
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

FLOORS = {
    5: "main cli __main__ errands cloud",
    4: "pipeline batch building filling libraries proving publishing certainty stocktaking"
    " delivering ledger reading resolving locking dividing threads world recompressing evidence"
    " packing grounds family attaching surveying fitting measuring inspecting retiring",
    3: "uv interpreter trial workspace tree archive shelf build_cache order aws aws_errors answers waiting"
    " layer_versions bucket policies parameters github console scratch catalog lambda_functions"
    " remote_zip rehearsal",
    2: "manifest functions schema mistakes document requirements projects lockfile indexes inputs"
    " fields deliveries recipe outcome report summary page weighing starter native checks"
    " rewriting salvage naming bucket_policy grants accounting bytecode attachment inventory listing retention handoff masking",
    1: "layer delivery stack target distributions sdk proof resolution published",
    0: "errors patience limits rules pruning guard imports elf stripping clock spelling splitting records __init__",
}
"""The modules of each floor; 0 to 2 are pure."""

OUTSIDE = {"prover", "isolation", "compiler"}
"""Programs of their own, which nothing imports."""

BETWEEN_EDGES = {
    ("github", "console"): "the workflow's voice is the plain one with annotations",
    ("shelf", "archive"): "what lies on the shelf is checked by the digest it was written with",
    ("build_cache", "shelf"): "the cache is a shelf that workspaces share",
    ("order", "archive"): "files are hashed as they are packed",
    ("interpreter", "trial"): "one door in two modules: finding a Python, and having it import",
    ("order", "workspace"): "an order takes the files that were found there",
    ("aws", "aws_errors"): "one door in two modules: the calls, and what refusals mean",
    ("answers", "aws_errors"): "an answer that is not whole is a failure like others",
    ("answers", "waiting"): "what is answered sets the pace",
    ("aws", "answers"): "one door in two modules: the calls, and what comes back",
    ("aws", "waiting"): "who calls AWS waits",
    ("bucket", "aws"): "calls go through the door",
    ("bucket", "aws_errors"): "a bucket in another region is told in the door's words",
    ("layer_versions", "aws"): "calls go through the door",
    ("layer_versions", "aws_errors"): "an answer without what AWS always says is garbled",
    ("layer_versions", "waiting"): "zips in requests wait for room",
    ("parameters", "aws"): "calls go through the door",
    ("parameters", "aws_errors"): "the same",
    ("policies", "aws"): "calls go through the door",
    ("policies", "aws_errors"): "the same",
    ("catalog", "aws"): "calls go through the door",
    ("catalog", "aws_errors"): "an answer without what AWS always says is garbled",
    ("lambda_functions", "aws"): "calls go through the door",
    ("lambda_functions", "aws_errors"): "an answer without what AWS always says is garbled",
    ("lambda_functions", "catalog"): "a function's code and layers are told as layers are",
    ("rehearsal", "aws"): "calls go through the door",
    ("rehearsal", "shelf"): "what lies there is published in the sandbox",
    ("layer_versions", "bucket"): "a large zip is published from there",
}
"""Edges that know each other, and why."""

DOORS = {
    "actions_toolkit": {"github"},
    "boto3": {"aws", "aws_errors", "bucket"},
    "botocore": {"aws", "aws_errors", "bucket", "policies"},
    "ctypes": {"prover", "isolation"},
    "deflate": {"archive"},
    "elftools": {"elf", "stripping"},
    "github": {"github"},
    "moto": {"aws"},
    "subprocess": {"uv", "interpreter", "trial"},
    "yaml": {"document", "rewriting"},
}
"""Who may import what; nobody else does."""

ACTS = {
    *("asyncio", "boto3", "botocore", "concurrent", "ctypes", "glob", "http", "importlib"),
    *("multiprocessing", "os", "random", "requests", "select", "shutil", "signal", "socket"),
    *("subprocess", "tempfile", "threading", "urllib", "uv"),
}
"""What reaches out of a function: nothing for the pure floors."""

FLOOR = {module: floor for floor, modules in FLOORS.items() for module in modules.split()}
TREES = {
    path.stem: ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / "layer_builder").glob("*.py"))
}
PURE = sorted(module for module, floor in FLOOR.items() if floor <= 2)


def imported(module: str) -> set[str]:
    """List the dotted names that a module imports, wherever in it: `a.b` for `from a import b`."""
    found = set()
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def ours(module: str) -> set[str]:
    """List the modules of this package that a module imports."""
    parts = [name.split(".") for name in imported(module)]
    return {
        name[1] if len(name) > 1 else "__init__" for name in parts if name[0] == "layer_builder"
    }


def theirs(module: str) -> set[str]:
    """List the top-level packages of others that a module imports."""
    return {name.split(".")[0] for name in imported(module)} - {"layer_builder"}


def test_every_module_has_one_floor() -> None:
    listed = [module for modules in FLOORS.values() for module in modules.split()]
    assert len(listed) == len(FLOOR)
    assert FLOOR.keys() | OUTSIDE == TREES.keys()


def test_the_architecture_page_tells_the_same_floors() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \w+ \| ([^|]+) \|", page, flags=re.MULTILINE)
    told = {module: int(floor) for floor, cell in rows for module in re.findall(r"`(\w+)`", cell)}
    assert told == {module: floor for module, floor in FLOOR.items() if module != "__init__"}


@pytest.mark.parametrize("module", FLOOR)
def test_imports_point_down_or_sideways(module: str) -> None:
    assert {name for name in ours(module) if FLOOR.get(name, 0) > FLOOR[module]} == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    order = TopologicalSorter({module: ours(module) for module in TREES})
    assert set(order.static_order()) == set(TREES)


def test_edges_know_each_other_only_with_a_reason() -> None:
    edges = FLOORS[3].split()
    found = {(edge, other) for edge in edges for other in ours(edge) if other in edges}
    assert found == BETWEEN_EDGES.keys()


@pytest.mark.parametrize("package", DOORS)
def test_each_outside_thing_has_its_doors(package: str) -> None:
    assert {module for module in TREES if package in theirs(module)} == DOORS[package]


@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_reaches_for_nothing(module: str) -> None:
    assert theirs(module) & ACTS == set()
    called = {
        node.func.id
        for node in ast.walk(TREES[module])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert called & {"open", "print", "input", "exec", "eval", "__import__", "Path"} == set()


def test_the_environment_is_read_at_the_door_only() -> None:
    found = {
        module
        for module, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in {"os.environ", "os.getenv"}
    }
    assert found == {"__main__", "aws", "github"}


@pytest.mark.parametrize("module", sorted(OUTSIDE))
def test_a_program_of_its_own_stands_alone(module: str) -> None:
    assert ours(module) <= OUTSIDE
    assert theirs(module) <= sys.stdlib_module_names
    assert {other for other in TREES if module in ours(other)} <= OUTSIDE
