"""Bytecode in layers: whose, of which kind, and no more than the limits allow."""

import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
TAG = f"cpython-{sys.version_info[0]}{sys.version_info[1]}"
CODE = "import demo.used\n\ndef f():\n    return {'a', 'b', 'c'}, __file__\n"
FILES = {
    "demo/__init__.py": CODE,
    "demo/used.py": "A = 1\n",
    "demo/deep/__init__.py": "",
    "demo/deep/down/__init__.py": "B = 2\n",
    "demo/template.py": "this does not compile {{\n",
}


@pytest.fixture
def build(run: Run, workspace: Path, add_wheel: Add) -> Callable[..., dict[str, Any]]:
    """Build a layer of one distribution; gives its entry in the report."""
    add_wheel("demo", "1.0", FILES)

    def make(bytecode: str, more: str = "", **run_as: Any) -> dict[str, Any]:  # noqa: ANN401 (passed on)
        (workspace / "layers.yml").write_text(
            f'version: 1\npython: "{PYTHON}"\nbytecode: {bytecode}\n'
            f"layers:\n  deps: {{packages: [demo]{more}}}\n"
        )
        done = run("build", **run_as)
        assert done.returncode == 0, done.stderr
        report = json.loads((workspace / "dist/layers/report.json").read_text())
        layer: dict[str, Any] = report["layers"][0]
        return layer

    return make


def compiled(zipped: Path) -> dict[str, bytes]:
    """Give the bytecode in a zip, by its path without `python/`, `__pycache__` and the tag."""
    with zipfile.ZipFile(zipped) as file:
        return {
            name.removeprefix("python/").replace("__pycache__/", "").replace(f".{TAG}.pyc", ""):
            file.read(name)
            for name in file.namelist()
            if name.endswith(".pyc")
        }  # fmt: skip


@pytest.mark.parametrize(
    ("bytecode", "modules"),
    [
        ("none", set()),
        ("imported", {"demo/__init__", "demo/used"}),
        ("imported, imports: [demo.deep]", {"demo/__init__", "demo/used", "demo/deep/__init__"}),
        ("all", {"demo/__init__", "demo/used", "demo/deep/__init__", "demo/deep/down/__init__"}),
        ("auto", {"demo/__init__", "demo/used", "demo/deep/__init__", "demo/deep/down/__init__"}),
    ],
)
def test_the_manifest_says_whose_bytecode_is_packed(
    build: Callable[..., dict[str, Any]], workspace: Path, bytecode: str, modules: set[str]
) -> None:
    bytecode, _, more = bytecode.partition(", ")
    layer = build(bytecode, more and f", {more}")
    found = compiled(workspace / "dist/layers/deps.zip")
    assert set(found) == modules
    assert layer["bytecode"] == {
        "asked": bytecode,
        "packed": "all" if bytecode == "auto" else bytecode,
        "files": len(modules),
        "bytes": sum(map(len, found.values())),
    }
    cost = layer["proof"]["import_seconds"]
    assert 0 <= cost["with_bytecode"] < cost["without_bytecode"]


def test_the_bytecode_is_used_where_nothing_can_be_written(
    build: Callable[..., dict[str, Any]], workspace: Path, tmp_path: Path
) -> None:
    """The kind that is not checked against its source: a changed source shows that it is read."""
    build("all")
    for content in compiled(workspace / "dist/layers/deps.zip").values():
        assert int.from_bytes(content[4:8], "little") == 0b01
    with zipfile.ZipFile(workspace / "dist/layers/deps.zip") as file:
        file.extractall(tmp_path / "opt")
    (tmp_path / "opt/python/demo/used.py").write_text("A = 2\n")
    program = "import demo, demo.used; print(demo.used.A, demo.f.__code__.co_filename)"
    done = subprocess.run(
        [sys.executable, "-S", "-B", "-c", program],
        env={"PYTHONPATH": str(tmp_path / "opt/python")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["1", str(tmp_path / "opt/python/demo/__init__.py")]


def test_neither_folder_nor_order_nor_hash_seed_change_a_byte(
    build: Callable[..., dict[str, Any]], workspace: Path, tmp_path: Path
) -> None:
    digests = set()
    for seed, folder in (("0", "a"), ("7", "some/where/else")):
        shutil.rmtree(workspace / "dist", ignore_errors=True)
        (tmp_path / folder).mkdir(parents=True)
        env = {"PYTHONHASHSEED": seed, "TMPDIR": str(tmp_path / folder)}
        digests.add(build("all", env=env)["sha256"])
    assert len(digests) == 1


def test_bytecode_that_a_wheel_brings_gives_way_to_ours(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    path = f"demo/__pycache__/used.{TAG}.pyc"
    add_wheel("demo", "1.0", {**FILES, path: b"stale"})
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{PYTHON}"\nbytecode: all\nprune: off\n'
        "layers:\n  deps: {packages: [demo]}\n"
    )
    assert run("build").returncode == 0
    with zipfile.ZipFile(workspace / "dist/layers/deps.zip") as file:
        assert file.namelist().count(f"python/{path}") == 1
        assert file.read(f"python/{path}")[4:8] == (0b01).to_bytes(4, "little")


def test_no_build_folder_is_in_the_bytecode(
    build: Callable[..., dict[str, Any]], workspace: Path
) -> None:
    build("imported")
    for content in compiled(workspace / "dist/layers/deps.zip").values():
        assert b"/opt/python/demo/" in content
        assert b"layer-builder-" not in content


def test_auto_packs_what_the_layers_own_limits_leave_room_for(
    build: Callable[..., dict[str, Any]], workspace: Path, tmp_path: Path
) -> None:
    cache = {"LAYER_BUILDER_NO_CACHE": None, "LAYER_BUILDER_CACHE_DIR": str(tmp_path / "cache")}
    sizes = {mode: build(mode)["unzipped_bytes"] for mode in ("none", "imported", "all")}
    limits = ""
    for mode, room in (("imported", sizes["all"]), ("none", sizes["imported"])):
        limits = f", limits: {{unzipped: {room}, warn-at: 100%}}"
        layer = build("auto", limits, env=cache)
        assert layer["bytecode"]["packed"] == mode
        assert layer["unzipped_bytes"] == sizes[mode]
    assert sorted(path.name for path in (workspace / "dist/layers").glob("*.zip")) == ["deps.zip"]
    again = build("auto", limits, env=cache)
    assert again["reused"]


def test_imported_wants_a_proof_that_imports(run: Run, workspace: Path, add_wheel: Add) -> None:
    add_wheel("demo", "1.0", FILES)
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{PYTHON}"\nproof: static\nbytecode: imported\n'
        "layers:\n  deps: {packages: [demo]}\n"
    )
    done = run("build")
    assert done.returncode == 3
    assert "layers.yml:6:3: layer deps: bytecode: imported is that of the modules" in done.stderr
    assert "say bytecode: all or none" in done.stderr
    assert not list((workspace / "dist/layers").glob("*.zip"))


def test_without_the_targets_python_nothing_is_compiled_by_another(
    run: Run, workspace: Path, add_wheel: Add, tmp_path: Path
) -> None:
    add_wheel("demo", "1.0", FILES)
    text = 'version: 1\npython: "3.15"\nproof: off\nbytecode: {}\nlayers:\n  deps: {{packages: [demo]}}\n'
    (workspace / "layers.yml").write_text(text.format("all"))
    env = {"PYENV_ROOT": str(tmp_path), "UV_PYTHON_DOWNLOADS": "never", "CI": None}
    done = run("build", env=env)
    assert done.returncode == 3
    assert "bytecode: all needs python3.15 to compile with" in done.stderr
    (workspace / "layers.yml").write_text(text.format("auto"))
    done = run("build", env=env)
    assert done.returncode == 0, done.stderr
    assert compiled(workspace / "dist/layers/deps.zip") == {}


FUNCTIONS = """version: 1
python: "{python}"
bytecode: auto
{limits}
layers:
  deps: {{packages: [demo]}}
functions:
  api: {{layers: [deps], code: code/, handler: app.handler, events: [{{event: {{deep: {deep}}}}}]}}
  {other}
"""
HANDLER = """
import demo.deep

def handler(event, context):
    if event["deep"]:
        from demo.deep import down
    return demo.deep.__name__
"""
BY_HANDLER = {"demo/__init__", "demo/used", "demo/deep/__init__"}


@pytest.fixture
def with_function(
    run: Run, workspace: Path, add_wheel: Add, tmp_path: Path
) -> Callable[..., dict[str, Any]]:
    """Build a layer that a function has, with a cache of builds; gives its entry in the report."""
    add_wheel("demo", "1.0", FILES)
    (workspace / "code").mkdir()
    (workspace / "code/app.py").write_text(HANDLER)
    cache = {"LAYER_BUILDER_NO_CACHE": None, "LAYER_BUILDER_CACHE_DIR": str(tmp_path / "cache")}

    def make(*, deep: bool = False, other: str = "", limits: str = "") -> dict[str, Any]:
        text = FUNCTIONS.format(
            python=PYTHON, deep=str(deep).lower(), other=other, limits=limits
        )  # fmt: skip
        (workspace / "layers.yml").write_text(text)
        done = run("build", env=cache)
        assert done.returncode == 0, done.stderr
        report = json.loads((workspace / "dist/layers/report.json").read_text())
        layer: dict[str, Any] = report["layers"][0]
        return layer

    return make


def test_auto_packs_what_the_functions_load(
    with_function: Callable[..., dict[str, Any]], workspace: Path
) -> None:
    zipped = workspace / "dist/layers/deps.zip"
    layer = with_function()
    found = compiled(zipped)
    assert set(found) == BY_HANDLER
    assert layer["bytecode"] == {
        "asked": "auto",
        "packed": "loaded",
        "files": len(BY_HANDLER),
        "bytes": sum(map(len, found.values())),
    }
    assert sorted(path.name for path in zipped.parent.glob("*.zip")) == ["deps.zip"]


def test_what_functions_load_decides_whatever_the_cache_has(
    with_function: Callable[..., dict[str, Any]], workspace: Path
) -> None:
    zipped = workspace / "dist/layers/deps.zip"
    first = with_function()
    deep = with_function(deep=True)
    assert not deep["reused"]
    assert set(compiled(zipped)) == {*BY_HANDLER, "demo/deep/down/__init__"}
    again = with_function()
    assert again["reused"]
    assert again["sha256"] == first["sha256"]
    assert set(compiled(zipped)) == BY_HANDLER


@pytest.mark.parametrize(
    ("other", "limits", "packed"),
    [
        ("job: {layers: [deps]}", "", "all"),
        ("job: {layers: [deps], code: code/, handler: app.handler}", "", "loaded"),
        ("", "limits: {unzipped: 900 B, warn-at: 100%}", "none"),
    ],
    ids=["one was not tried", "two were", "no room"],
)
def test_auto_falls_back(
    with_function: Callable[..., dict[str, Any]], other: str, limits: str, packed: str
) -> None:
    assert with_function(other=other, limits=limits)["bytecode"]["packed"] == packed
