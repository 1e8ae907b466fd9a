"""What a run hands on besides outputs: files for scripts and Terraform, and a word on masking."""

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from ..cloud.faults import Fault, Trouble
from ..cloud.proxy import Proxy

Run: TypeAlias = Callable[..., CompletedProcess[str]]

ARN = "arn:aws:lambda:{}:123456789012:layer:{}:1"
FILES = {"layers.json", "layers.by-region.json", "layers.env", "layers.tfvars.json"}
MASKS = """\
on: push
jobs:
  layers:
    outputs: {arns: "${{ steps.layers.outputs.layer-arns }}"}
    steps:
      - uses: aws-actions/configure-aws-credentials@v6
        with: {role-to-assume: "arn:aws:iam::${{ secrets.AWS_ACCOUNT_ID }}:role/x"}
"""


def write(workspace: Path, top: str = "") -> None:
    """Write a manifest with two layers of one file, and a workflow."""
    for key in ("shared-code", "core-deps"):
        (workspace / key).mkdir(exist_ok=True)
        (workspace / key / "a.py").write_text(f"A = '{key}'\n")
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "3.12"\nproof: off\n{top}layers:\n'
        "  shared-code: {include: shared-code/}\n  core-deps: {include: core-deps/}\n"
    )
    folder = workspace / ".github/workflows"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "layers.yml").write_text(MASKS)


def action(workspace: Path, **more: str) -> dict[str, str]:
    """Give the environment of a step in that workflow."""
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(workspace),
        "GITHUB_REPOSITORY": "own/repo",
        "GITHUB_WORKFLOW_REF": "own/repo/.github/workflows/layers.yml@refs/heads/main",
        "GITHUB_JOB": "layers",
        "INPUT_COMMAND": "publish",
        **more,
    }


def handed(workspace: Path) -> set[str]:
    return {path.name for path in (workspace / "dist/layers").glob("layers.*")}


def data(workspace: Path, file: str) -> Any:  # noqa: ANN401 (JSON)
    return json.loads((workspace / "dist/layers" / file).read_text())


def test_a_script_and_terraform_find_the_arns(run: Run, workspace: Path) -> None:
    write(workspace, "regions: [eu-west-1, us-east-2]\n")
    assert run("publish").returncode == 0
    assert handed(workspace) == FILES
    arns = {key: ARN.format("eu-west-1", key) for key in ("shared-code", "core-deps")}
    assert data(workspace, "layers.json") == arns
    assert data(workspace, "layers.by-region.json")["us-east-2"] == {
        key: ARN.format("us-east-2", key) for key in arns
    }
    assert data(workspace, "layers.tfvars.json")["layer_arns"] == arns
    script = '. dist/layers/layers.env && echo "$CORE_DEPS_ARN $SHARED_CODE_ARN"'
    told = subprocess.run(
        ["/bin/sh", "-euc", script], cwd=workspace, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == [arns["core-deps"], arns["shared-code"]]
    before = {name: (workspace / "dist/layers" / name).read_bytes() for name in FILES}
    assert run("publish").returncode == 0
    assert {name: (workspace / "dist/layers" / name).read_bytes() for name in FILES} == before


@pytest.mark.parametrize("words", [["publish", "--dry-run"], ["build"], ["plan"]])
def test_a_run_that_publishes_nothing_hands_nothing_on(
    run: Run, workspace: Path, words: list[str]
) -> None:
    write(workspace)
    assert run(*words).returncode == 0
    assert handed(workspace) == set()


def test_a_run_that_fails_half_way_hands_on_what_is_published(
    run: Run, workspace: Path, proxy: Proxy
) -> None:
    write(workspace)
    proxy.troubles = (
        Trouble(fault=Fault.EXPIRED, operation="PublishLayerVersion", nth=2, times=None),
    )
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 6
    assert data(workspace, "layers.json") == {"shared-code": ARN.format("eu-west-1", "shared-code")}
    assert run("publish").returncode == 0
    assert data(workspace, "layers.json").keys() == {"shared-code", "core-deps"}


def test_layers_that_share_a_variable_are_warned_of(run: Run, workspace: Path) -> None:
    write(workspace)
    with (workspace / "layers.yml").open("a") as manifest:
        manifest.write("  core_deps: {include: core-deps/}\n")
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert "warning: layers.yml:7:3: layers.env will not have CORE_DEPS_ARN" in done.stderr
    assert "CORE_DEPS_ARN" not in (workspace / "dist/layers/layers.env").read_text()
    assert "CORE_DEPS_ARN" in (workspace / "dist/layers/report.md").read_text().replace("\\", "")


def test_a_masked_account_id_is_told_once_at_its_line(run: Run, workspace: Path) -> None:
    write(workspace)
    done = run(env=action(workspace))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("the account id is masked here") == 1
    [line] = [line for line in done.stdout.splitlines() if "is masked here" in line]
    start, _, text = line.removeprefix("::warning ").partition("::")
    told = dict(part.split("=", 1) for part in start.split(","))
    assert (told["file"], told["line"], told["col"]) == (".github/workflows/layers.yml", "7", "33")
    assert text.endswith("layers.json of the output dir as an artifact")
    [warning] = data(workspace, "report.json")["warnings"]
    assert warning["place"] == ".github/workflows/layers.yml:7:33"


@pytest.mark.parametrize(
    "env",
    [
        {"INPUT_COMMAND": "build"},
        {"INPUT_SANDBOX": "true"},
        {"GITHUB_JOB": "deploy"},
        {"GITHUB_WORKFLOW_REF": ""},
        {"GITHUB_WORKFLOW_REF": "other/repo/.github/workflows/layers.yml@main"},
        {"GITHUB_WORKFLOW_REF": "own/repo/.github/workflows/../../x.yml@main"},
        {"GITHUB_WORKFLOW_REF": "own/repo/.github/workflows/gone.yml@main"},
        {"GITHUB_ACTIONS": "false"},
    ],
)
def test_nothing_is_told_where_no_output_is_at_stake(
    run: Run, workspace: Path, env: Mapping[str, str]
) -> None:
    write(workspace)
    done = run(*(["publish"] if "GITHUB_ACTIONS" in env else []), env=action(workspace, **env))
    assert done.returncode == 0, done.stdout
    assert "is masked here" not in done.stdout + done.stderr
