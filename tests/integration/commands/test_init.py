"""`init`: what it writes for repositories as they are met is built without an edit; what is there stays."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest
import yaml

import layer_builder
from layer_builder.manifest import read_manifest

from ..layouts import LAYOUTS
from ..projects.tools import index

Run: TypeAlias = Callable[..., CompletedProcess[str]]
REPOSITORY = Path(__file__).resolve().parents[3]
_HANDLER = "def handler(event, context):\n    return 1\n"


@pytest.fixture
def online() -> dict[str, str | None]:
    """Give the environment in which the real index is asked."""
    mine = {n: value for n, value in os.environ.items() if not n.startswith(("AWS_", "PYTHON"))}
    return {"UV_CACHE_DIR": None, **mine, "UV_DEFAULT_INDEX": index()}


def entries(text: str, key: str) -> dict[str, dict[str, Any]]:
    """Read the layers or functions of a manifest with nothing of ours."""
    found: Mapping[str, dict[str, dict[str, Any]]] = yaml.safe_load(text)
    return found.get(key) or {}


def bare(layers: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """List what layers hold, without what they are called and what is pruned."""
    aside = {"name", "drop", "requires"}
    return [{k: v for k, v in one.items() if k not in aside} for one in layers.values()]


@pytest.mark.network
@pytest.mark.parametrize("name", LAYOUTS)
def test_what_it_writes_builds_without_an_edit(
    run: Run, workspace: Path, online: Mapping[str, str | None], name: str
) -> None:
    layout = LAYOUTS[name]
    layout.make(workspace)
    done = run("init")
    assert done.returncode == 0, done.stderr
    written = (workspace / "layers.yml").read_text()
    assert bare(entries(written, "layers")) == bare(entries(layout.manifest, "layers"))
    mine, theirs = entries(written, "functions"), entries(layout.manifest, "functions")
    assert [(f["handler"], f.get("code")) for f in mine.values()] == [
        (f["handler"], f.get("code")) for f in theirs.values()
    ]
    done = run("build", env=online)
    assert done.returncode == 0, done.stderr
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    assert {one["key"] for one in report["layers"]} == {*entries(written, "layers")}
    for key, function in mine.items():
        assert f"{key}: {function['handler']} imported, with its layers and code" in done.stderr


def test_each_guess_is_told_with_its_place(run: Run, workspace: Path) -> None:
    LAYOUTS["serverless"].make(workspace)
    done = run("init")
    text = (workspace / "layers.yml").read_text()
    for words in (
        "serverless.yml:14:3: pythonRequirements",
        "requirements.txt: a requirements file",
        "serverless.yml:22:3: function monthly",
        "noDeploy: take pytest out of the requirements",
    ):
        assert words in done.stderr
        assert re.search(rf"(?m)^ +# {re.escape(words)}$", text)


def test_over_a_manifest_it_shows_the_difference_and_writes_nothing(
    run: Run, workspace: Path
) -> None:
    (workspace / "requirements.txt").write_text("requests\n")
    mine = 'version: 1\npython: "3.12"\nlayers: {mine: {packages: [six]}}\n'
    (workspace / "layers.yml").write_text(mine)
    done = run("init")
    assert done.returncode == 0, done.stderr
    assert (workspace / "layers.yml").read_text() == mine
    assert "layers.yml is there already; nothing was overwritten" in done.stderr
    lines = done.stdout.splitlines()
    assert lines[:2] == ["--- layers.yml", "+++ layers.yml as init would write it"]
    assert "-layers: {mine: {packages: [six]}}" in lines
    assert "+    requirements: requirements.txt" in lines
    (workspace / "layers.yml").unlink()
    run("init")
    again = run("init")
    assert (again.returncode, again.stdout) == (0, "")
    assert "layers.yml is there already, the same" in again.stderr


def test_a_folder_that_is_not_there_is_told(run: Run, workspace: Path) -> None:
    done = run("init", "new/sub/layers.yml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: there is no folder new/sub; nothing was written\n"
    assert not [*workspace.iterdir()]


@pytest.mark.parametrize("path", [".", "layers.yml", "sub", "sub/other.yml"])
def test_a_folder_or_a_manifest_is_named(run: Run, workspace: Path, path: str) -> None:
    (workspace / "sub").mkdir()
    for folder in (workspace, workspace / "sub"):
        (folder / "requirements.txt").write_text("requests\n")
    done = run("init", path)
    assert done.returncode == 0, done.stderr
    place = workspace / path
    text = (place / "layers.yml" if place.is_dir() else place).read_text()
    assert entries(text, "layers")["deps"] == {"requirements": "requirements.txt"}


def test_where_nothing_is_found_it_writes_an_example(run: Run, workspace: Path) -> None:
    done = run("init")
    assert "nothing was found that a layer could be made of" in done.stderr
    assert entries((workspace / "layers.yml").read_text(), "layers")["deps"]


def test_the_workflow_is_valid_and_calls_ours(run: Run, workspace: Path) -> None:
    (workspace / "service").mkdir()
    (workspace / "service/template.yaml").write_text(
        "Resources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        "      {Handler: app.handler, Runtime: python3.13, Architectures: [arm64], CodeUri: api}\n"
    )
    (workspace / "service/api").mkdir()
    (workspace / "service/api/app.py").write_text(_HANDLER)
    (workspace / "service/api/requirements.txt").write_text("requests\n")
    subprocess.run(["git", "init", "-q", workspace], check=True)
    done = run("init", "service", "--workflow")
    assert done.returncode == 0, done.stderr
    text = (workspace / ".github/workflows/publish-layers.yml").read_text()
    job = yaml.safe_load(text)["jobs"]["layers"]
    assert job["with"]["manifest"] == "service/layers.yml"
    called = yaml.safe_load((REPOSITORY / ".github/workflows/publish-layers.yml").read_text())
    assert job["with"].keys() <= called[True]["workflow_call"]["inputs"].keys()
    workflow = "layer-builder/layer-builder/.github/workflows/publish-layers.yml"
    assert job["uses"] == f"{workflow}@v{layer_builder.__version__}"
    for words in (
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
        ["zizmor", "--offline", "--no-progress", "--strict-collection", "--persona", "pedantic"],
    ):
        program = str(Path(sys.executable).with_name(words[0]))
        place = ".github/workflows/publish-layers.yml"
        checked = subprocess.run(
            [program, *words[1:], place], cwd=workspace, capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout + checked.stderr
    (workspace / ".github/workflows/publish-layers.yml").write_text("mine\n")
    done = run("init", "service", "--workflow")
    assert (workspace / ".github/workflows/publish-layers.yml").read_text() == "mine\n"
    assert "-mine" in done.stdout.splitlines()


def test_no_link_leads_it_out_of_the_workspace(run: Run, workspace: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "requirements.txt").write_text("secret-name\n")
    (workspace / "requirements.txt").symlink_to(outside / "requirements.txt")
    (workspace / "libs").symlink_to(outside)
    (workspace / ".github").symlink_to(outside)
    done = run("init", "--workflow")
    assert done.returncode == 2
    assert "is a link that leaves the workspace" in done.stderr
    assert "not used" not in done.stdout
    assert "secret-name" not in (workspace / "layers.yml").read_text()
    assert [path.name for path in outside.iterdir()] == ["requirements.txt"]


HOSTILE = [
    "a: b",
    "{x}",
    "[x] # y",
    '"x',
    "'x",
    "&a *a !b",
    "<script>",
    "a|b",
    "::error::x",
    "a\nb: c",
    "a\u202eb",
    "x" * 300,
    "%{x}",
    "日本",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_of_others_are_data(run: Run, workspace: Path, name: str) -> None:
    folder = "".join(one for one in name if one != "/")[:200]
    (workspace / folder).mkdir()
    (workspace / folder / "app.py").write_text(_HANDLER)
    (workspace / folder / "requirements.txt").write_text("requests\n")
    (workspace / folder / "requirements-x: {y}.txt").write_text("requests\n")
    properties = {
        "Handler": "app.handler", "Runtime": "python3.12", "CodeUri": folder, "FunctionName": name,
        "Environment": {"Variables": {name: name, "A": name}},
    }  # fmt: skip
    (workspace / "template.yaml").write_text(
        json.dumps(
            {
                "Resources": {
                    name: {"Type": "AWS::Serverless::Function", "Properties": properties},
                    "L": {
                        "Type": "AWS::Serverless::LayerVersion",
                        "Properties": {"ContentUri": folder, "LayerName": name},
                    },
                }
            }
        )
    )
    (workspace / "pyproject.toml").write_text(
        f"[project]\nname = {json.dumps(name)}\ndependencies = ['six']\n"
        f"requires-python = {json.dumps(name)}\n"
    )
    done = run("init")
    assert done.returncode == 0, done.stderr
    text = (workspace / "layers.yml").read_text()
    assert read_manifest(text, "layers.yml").layers
    assert {*yaml.safe_load(text)} <= {
        "version",
        "python",
        "architecture",
        "name",
        "layers",
        "functions",
    }
    for line in (*done.stderr.splitlines(), *text.splitlines()):
        assert line.isprintable()
        assert not line.lstrip().startswith("::")


def test_a_lock_that_its_project_has_outgrown_is_told(run: Run, workspace: Path) -> None:
    (workspace / "pyproject.toml").write_text(
        "[project]\nname = 'shop'\nversion = '1'\nrequires-python = '>=3.11'\ndependencies = ['six', 'toolz']\n"
    )
    (workspace / "uv.lock").write_text(
        'version = 1\nrequires-python = ">=3.11"\n[[package]]\nname = "shop"\nversion = "1"\n'
        'source = { virtual = "." }\n[package.metadata]\nrequires-dist = [{ name = "six" }]\n'
    )
    done = run("init")
    assert done.returncode == 0, done.stderr
    assert "uv.lock: the lock of uv: project: uv.lock is out of date" in done.stderr
    assert "`uv lock` renews it" in done.stderr


def test_a_handler_that_needs_its_environment_stays_a_comment(run: Run, workspace: Path) -> None:
    (workspace / "requirements.txt").write_text("requests\n")
    source = f"import os\n\nTABLE = os.environ['TABLE']\n\n\n{_HANDLER}"
    (workspace / "lambda_function.py").write_text(source)
    done = run("init")
    text = (workspace / "layers.yml").read_text()
    (function,) = entries(text, "functions").values()
    assert function == {"layers": ["deps"], "code": "lambda_function.py"}
    assert "# lambda_function.py:3 reads TABLE of the environment when it is imported" in text
    assert "# handler: lambda_function.handler" in text
    assert "reads TABLE" in done.stderr
