"""Our own workflows: the gate misses no job, and the self-tests pass before they are pushed."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .stage import ROOT, RUNNERS, Stage

CI = Path(".github/workflows/ci.yml")
WORKFLOWS = {
    path.name: yaml.safe_load(path.read_text())["jobs"]
    for path in sorted((ROOT / CI.parent).glob("*.yml"))
}
JOBS = WORKFLOWS[CI.name]


def test_the_gate_needs_every_other_job() -> None:
    assert JOBS["all-green"]["needs"] == [name for name in JOBS if name != "all-green"]


@pytest.mark.parametrize(
    ("workflow", "name"), [(file, name) for file, jobs in WORKFLOWS.items() for name in jobs]
)
def test_a_job_says_what_it_may_do_and_how_long(workflow: str, name: str) -> None:
    assert {"permissions", "timeout-minutes"} <= WORKFLOWS[workflow][name].keys()


def test_the_example_workflow_is_as_strict_as_ours() -> None:
    words = ["zizmor", "--offline", "--no-progress", "--strict-collection", "--persona", "pedantic"]
    example = "examples/cr2a/publish-layers.yml"
    done = subprocess.run(
        [Path(sys.executable).parent / words[0], *words[1:], example],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


LAYERS = ("shared-code,core-deps,optional-deps", "shared-deps")
MATRIX = [f"x86_64,{layers},3.12,ubuntu-24.04" for layers in LAYERS]  # as act sorts them
KEYS = ("broken", "over-the-limit")
PLAYED = {
    "self-test-outputs": {"self-test": "success", "self-test-outputs": "success"},
    "self-test-matrix": {
        "self-test": "success",
        **{f"self-test-matrix[{entry}]": "success" for entry in MATRIX},
    },
    "self-test-refuses": {f"self-test-refuses[{key}]": "success" for key in KEYS},
    "self-test-immune": {"self-test-immune": "success"},
    "self-test-runners": {f"self-test-runners[{runner}]": "success" for runner in RUNNERS},
}
"""By job what comes of it and of what it needs; a runner of another kind is this machine, too."""


def test_no_self_test_is_left_out_here() -> None:
    played = {job.partition("[")[0] for results in PLAYED.values() for job in results}
    assert played == {name for name in JOBS if name.startswith("self-test")}


@pytest.mark.parametrize(("job", "results"), PLAYED.items(), ids=PLAYED)
def test_a_self_test_passes(stage: Stage, job: str, results: dict[str, str]) -> None:
    run = stage.play_in(stage.action, stage.action / CI, job=job)
    assert run.jobs == results, run.errors
