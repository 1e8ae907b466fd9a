"""What the reusable workflow must not lose: who holds credentials runs no code of others."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
OURS = "layer-builder/layer-builder@"
SIGNS_IN = {"publish", "attach"}


@pytest.fixture(scope="module")
def jobs() -> dict[str, Any]:
    """Read the workflow's jobs."""
    text = (ROOT / ".github/workflows/publish-layers.yml").read_text(encoding="utf-8")
    found = yaml.safe_load(text)["jobs"]
    assert isinstance(found, dict)
    return found


def using(job: dict[str, Any], action: str) -> list[dict[str, Any]]:
    """Give what a job hands to an action, each time."""
    return [
        step.get("with", {}) for step in job["steps"] if step.get("uses", "").startswith(action)
    ]


def commands(job: dict[str, Any]) -> set[str]:
    """Say what a job has our action do."""
    return {given["command"] for given in using(job, OURS)}


def test_only_who_installs_nothing_may_sign_in(jobs: dict[str, Any]) -> None:
    signing = {name for name, job in jobs.items() if "id-token" in job["permissions"]}
    assert signing == SIGNS_IN | {"attest"}  # which runs no code but GitHub's own
    assert not commands(jobs["attest"])
    assert all(
        step.get("uses", "").startswith("actions/") or "run" in step
        for step in jobs["attest"]["steps"]
    )
    assert {name for name, job in jobs.items() if using(job, "aws-actions/")} == SIGNS_IN
    for name in signing:
        assert commands(jobs[name]) <= {"publish", "attach"}


def test_who_takes_up_builds_nothing(jobs: dict[str, Any]) -> None:
    taking = {name: job for name, job in jobs.items() if "publish" in commands(job)}
    assert taking.keys() == {"publish", "comment"}
    for job in taking.values():
        (given,) = using(job, OURS)
        (fetched,) = using(job, "actions/download-artifact@")
        assert (given["build"], given["digests"]) == ("never", "${{ steps.zips.outputs.digests }}")
        assert fetched["path"] == given["output-dir"]
        # Of one architecture or of two, all lie in one folder.
        assert fetched["merge-multiple"] is True


def test_publish_waits_for_every_build_and_runs_on_no_pull_request(jobs: dict[str, Any]) -> None:
    builds = {name for name, job in jobs.items() if "build" in commands(job)}
    assert builds == {"build-x86_64", "build-arm64"}
    for name in ("publish", "comment"):
        assert builds <= {*jobs[name]["needs"]}
        assert {"!failure()", "!cancelled()"} <= {*jobs[name]["if"].split(" && ")}
    conditions = {*jobs["publish"]["if"].split(" && ")}
    assert {"inputs.publish", "!startsWith(github.event_name, 'pull_request')"} <= conditions
    assert "needs.publish.result == 'success'" in jobs["attach"]["if"].split(" && ")


def test_attach_takes_what_publish_handed_on_or_nothing(jobs: dict[str, Any]) -> None:
    """GitHub drops an output that holds a secret; without ARNs the newest versions would be taken."""
    handed = "needs.publish.outputs.layer-arns-by-region"
    (given,) = using(jobs["attach"], OURS)
    assert given["arns"] == f"${{{{ {handed} }}}}"
    assert given["digests"] == "${{ needs.publish.outputs.digests }}"
    first = jobs["attach"]["steps"][0]
    assert first["if"] == f"{handed} == ''"
    assert first["run"].endswith("\nexit 1\n")


def test_no_job_leaves_a_token_in_the_checkout(jobs: dict[str, Any]) -> None:
    for job in jobs.values():
        for given in using(job, "actions/checkout@"):
            assert given["persist-credentials"] is False


def test_no_python_of_ours_looks_at_the_callers_modules() -> None:
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    starts = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    workflow = (ROOT / ".github/workflows/publish-layers.yml").read_text(encoding="utf-8")
    starts += re.findall(r"shell: (python.*)", workflow)
    assert starts
    assert [start for start in starts if not start.startswith("python3 -I ")] == []
