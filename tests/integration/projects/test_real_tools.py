"""Locks as the tools themselves write them when the test runs: of a project of thirty distributions.

They are made from the real index, since a lock records its addresses.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest
import uv

from .tools import GONE, KEPT, LINES, PYTHON, TOOLS, index

pytestmark = pytest.mark.network

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Locked: TypeAlias = Callable[[str], Path]
MACHINE = os.uname().machine.replace("aarch64", "arm64")
BEFORE = f"3.{sys.version_info[1] - 1}"
"""The Python before the running one."""


MANIFEST = f"""\
version: 1
python: {{python}}
architecture: {MACHINE}
compression: fast
proof: off
name: "{{{{layer}}}}-{{{{python}}}}"
layers:
  core: {{{{project: {{{{path: shop}}}}}}}}
"""


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Locked:
    """Have a tool lock the project, once; gives the folder, which is not to be changed."""
    folders: dict[str, Path] = {}

    def make(tool: str) -> Path:
        if tool not in folders:
            folder = tmp_path_factory.mktemp(tool.replace(" ", "-")) / "shop"
            TOOLS[tool].make(folder)
            folders[tool] = folder
        return folders[tool]

    return make


@pytest.fixture(scope="module")
def resolved() -> dict[str, str]:
    """Have uv resolve the same requirements for the running Python, with no lock at all."""
    done = subprocess.run(
        [uv.find_uv_bin(), "pip", "compile", "--no-config", "--no-header", "--no-annotate",
         "--python-version", PYTHON, "--python-platform", "linux", "-"],
        input="\n".join(LINES), capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return dict(line.split("==") for line in done.stdout.split())


@pytest.fixture
def call(run: Run, workspace: Path, locked: Locked) -> Callable[..., CompletedProcess[str]]:
    """Run the program on a copy of what a tool locked, with the real index."""

    def start(tool: str, *words: str) -> CompletedProcess[str]:
        made = TOOLS[tool]
        (workspace / "shop").mkdir(exist_ok=True)
        for name in (made.lock, made.source):
            if not (workspace / "shop" / name).exists():
                shutil.copy(locked(tool) / name, workspace / "shop" / name)
        mine = {n: value for n, value in os.environ.items() if not n.startswith(("AWS_", "PYTHON"))}
        return run(*words, env={"UV_CACHE_DIR": None, **mine, "UV_DEFAULT_INDEX": index()})

    return start


def in_lock(path: Path) -> set[tuple[str, str, frozenset[str]]]:
    """Read a lock with nothing of ours: names, versions, and digests of files."""
    text = path.read_text()
    if path.name == "Pipfile.lock":
        entries = json.loads(text)["default"].items()
        return {(n, e["version"][2:], frozenset(h[7:] for h in e["hashes"])) for n, e in entries}
    read: Mapping[str, Any] = tomllib.loads(text)
    packages = read.get("package") or read["packages"]
    return {
        (one["name"], one["version"], frozenset(re.findall(r"\b[0-9a-f]{64}\b", str(one))))
        for one in packages
    }


def pins(lock: Path, python: str) -> set[tuple[str, str, frozenset[str]]]:
    """Read what the program locked for a Python."""
    layers = tomllib.loads(lock.read_text())["layers"]
    found = set()
    for pin in layers[f"core {python}-{MACHINE}"]["pins"]:
        name, version = pin.split()[0].split("==")
        found.add((name, version, frozenset(re.findall(r"sha256:(\S+)", pin))))
    return found


@pytest.mark.parametrize("tool", TOOLS)
def test_the_layer_holds_what_the_tool_locked_for_its_python(
    call: Run, workspace: Path, locked: Locked, resolved: Mapping[str, str], tool: str
) -> None:
    # Pipenv locks for the Python that it runs with; the others for all that the project is for.
    pythons = [PYTHON] if tool == "pipenv" else [PYTHON, BEFORE]
    (workspace / "layers.yml").write_text(MANIFEST.format(python=json.dumps(pythons)))
    done = call(tool, "lock")
    assert done.returncode == 0, done.stderr
    theirs = in_lock(locked(tool) / TOOLS[tool].lock)
    ours = {python: pins(workspace / "layers.lock", python) for python in pythons}
    # Versions may be older: some tools choose one that suits all the Pythons.
    assert {name for name, *_ in ours[PYTHON]} == resolved.keys()
    assert len(resolved) >= 30
    for python, found in ours.items():
        assert found <= theirs
        kept, gone = (KEPT, GONE) if python == PYTHON else (GONE, KEPT)
        assert kept in {name for name, *_ in found}
        assert gone not in {name for name, *_ in found}

    (workspace / "layers.yml").write_text(MANIFEST.format(python=json.dumps([PYTHON])))
    done = call(tool, "build")
    assert done.returncode == 0, done.stderr
    (layer,) = json.loads((workspace / "dist/layers/report.json").read_text())["layers"]
    assert {(one["name"], one["version"]) for one in layer["packages"]} == {
        (name, version) for name, version, _ in ours[PYTHON]
    }


EDITS = {
    "a version": ("13.9.4", "13.9.3"),
    "a marker of the target": (f"< '{PYTHON}'", f"<= '{PYTHON}'"),
    "a requirement": ('"tabulate==0.9.0",', '"tabulate==0.9.0", "isodate",'),
    "an extra": ("[project]", "[project.optional-dependencies]\nmore = ['isodate']\n[project]"),
    "a group": ("[project]", "[dependency-groups]\nmore = ['isodate']\n[project]"),
    "the Pythons": ('">=3.10"', '">=3.10.2"'),
    "a comment": ("[project]", "# words\n[project]"),
    "a description": ('version = "1"', 'version = "1"\ndescription = "A shop."'),
    "another tool's table": ("[project]", "[tool.other]\nx = 1\n[project]"),
}
PIPFILE_EDITS = {
    "a version": EDITS["a version"],
    "a marker of the target": EDITS["a marker of the target"],
    "a requirement": ("[packages]", "[packages]\nisodate = '*'"),
    "a category": ("[packages]", "[more]\nisodate = '*'\n[packages]"),
    "the Pythons": ("[packages]", f"[requires]\npython_version = '{PYTHON}'\n[packages]"),
    "a comment": ("[packages]", "# words\n[packages]"),
    "a script": ("[packages]", "[scripts]\nhello = 'true'\n[packages]"),
}
POETRY_EDITS = {
    "a version": EDITS["a version"],
    "a requirement": ('tabulate = "', 'isodate = "*"\ntabulate = "'),
    "a group": ("[tool.poetry.dep", "[tool.poetry.group.more.dependencies]\nisodate = '*'\n[tool.poetry.dep"),
    "the Pythons": EDITS["the Pythons"],
    "a comment": ("[tool.poetry]", "# words\n[tool.poetry]"),
    "a description": ('description = ""', 'description = "A shop."'),
}  # fmt: skip
FRESH = {"a comment", "a description", "another tool's table", "a script"}
SAMPLE = {"a version", "a comment"}
CASES = [
    pytest.param(
        (tool, edit, *change),
        id=f"{tool}: {edit}",
        marks=() if edit in SAMPLE else (pytest.mark.nightly,),
    )
    for tool, edits in {
        "uv": EDITS,
        "poetry": EDITS,
        "pdm": EDITS,
        "pipenv": PIPFILE_EDITS,
        "poetry 1": POETRY_EDITS,
    }.items()
    for edit, change in edits.items()
]


@pytest.mark.parametrize("case", CASES)
def test_a_lock_is_out_of_date_when_its_tool_says_so(
    call: Run, workspace: Path, locked: Locked, case: tuple[str, str, str, str]
) -> None:
    tool, edit, old, new = case
    made = TOOLS[tool]
    (workspace / "layers.yml").write_text(MANIFEST.format(python=f'"{PYTHON}"'))
    folder = workspace / "shop"
    folder.mkdir()
    shutil.copy(locked(tool) / made.lock, folder)
    content = made.content.replace(old, new)
    assert content != made.content
    (folder / made.source).write_text(content)
    assert made.says_fresh(folder) is (edit in FRESH)
    done = call(tool, "plan")
    if edit in FRESH:
        assert done.returncode == 0, done.stderr
        return
    assert done.returncode == 2, done.stderr
    assert f"layer core: project: shop/{made.lock} is out of date: " in done.stderr
    assert f"→ `{tool.split()[0]} lock` renews it" in done.stderr
