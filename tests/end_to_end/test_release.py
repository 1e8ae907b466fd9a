"""A release, rehearsed: the workflow under act, with a server that stands for GitHub's API."""

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

import layer_builder
from release import commands
from release.errors import RefusedError
from release.github import GitHub

from .act import Run
from .releases import REPOSITORY, Releases
from .remote import serve
from .stage import ROOT, Stage, commit

VERSION = layer_builder.__version__
TAG = f"v{VERSION}"
RELEASE = Path(".github/workflows/release.yml")
JOBS = yaml.safe_load((ROOT / RELEASE).read_text())["jobs"]
OLD = "0" * 40


@pytest.fixture
def repository(action: Path, tmp_path: Path) -> Path:
    """Give a checkout that `make prepare` has run in, with one commit."""
    folder = tmp_path / "repository"
    shutil.copytree(action, folder, ignore=shutil.ignore_patterns(".git"))
    log = folder / "CHANGELOG.md"
    if re.search(rf"^## {re.escape(VERSION)} - ", log.read_text(), re.MULTILINE) is None:
        words = ["python3", "-I", ".github/scripts", "prepare", VERSION, "--date", "2026-11-30"]
        subprocess.run(words, cwd=folder, check=True)
    return commit(folder, REPOSITORY)


@pytest.fixture
def github(repository: Path) -> Iterator[Releases]:
    """Give GitHub with CI green at that commit, and a v0 of an earlier release."""
    words = ["git", "rev-parse", "HEAD"]
    head = subprocess.run(words, cwd=repository, check=True, capture_output=True, text=True)
    releases = Releases(commit=head.stdout.strip(), tags={"v0": OLD, "v0.0.1": OLD})
    with serve(releases.answer) as server:
        releases.url = server.url
        yield releases


def play(stage: Stage, repository: Path, github: Releases, **more: Any) -> Run:  # noqa: ANN401 (what Stage has)
    """Dispatch the workflow."""
    ready = replace(stage, environ={"GITHUB_API_URL": github.url}, **more)
    payload = {"inputs": {"version": VERSION}}
    return ready.play_in(
        repository, repository / RELEASE, event="workflow_dispatch", payload=payload
    )


def test_only_publishing_waits_for_approval_and_no_job_builds_and_writes() -> None:
    assert {name for name, job in JOBS.items() if "environment" in job} == {"publish"}
    writing = {name for name, job in JOBS.items() if job["permissions"]["contents"] == "write"}
    signing = {name for name, job in JOBS.items() if "id-token" in job["permissions"]}
    assert (writing, signing) == ({"draft", "publish"}, {"build"})
    needs = {name: job.get("needs", []) for name, job in JOBS.items()}
    assert needs == {"check": [], "build": "check", "draft": "build", "publish": ["build", "draft"]}


def test_a_release_is_drafted_published_and_v0_goes_to_it(
    stage: Stage, repository: Path, github: Releases
) -> None:
    run = play(stage, repository, github)
    assert run.jobs == dict.fromkeys(JOBS, "success"), (run.errors, run.steps)
    assert github.tags == {"v0": github.commit, "v0.0.1": OLD, TAG: github.commit}
    ((number, release),) = github.releases.items()
    assert (release["draft"], release["make_latest"]) == (False, "true")
    assert release["tag_name"] == release["name"] == TAG
    text = (repository / "CHANGELOG.md").read_text()
    assert release["body"].strip() in text
    assert release["body"].startswith("### Added")
    stem = f"layer-builder-{VERSION}"
    ends = (".cdx.json", ".sigstore.json", ".tar.gz")
    assert sorted(github.files) == [stem + end for end in ends]
    # What was attested is what lies beside the release.
    subjects = json.loads(github.files[f"{stem}.sigstore.json"])["subject"]
    assert {one["name"]: one["sha256"] for one in subjects} == {
        stem + end: hashlib.sha256(github.files[stem + end]).hexdigest()
        for end in (".cdx.json", ".tar.gz")
    }
    assert (
        json.loads(github.files[f"{stem}.cdx.json"])["metadata"]["component"]["version"] == VERSION
    )
    base = f"/releases/{number}"
    assert [write for write in github.writes if "/upload/" not in write] == [
        "POST /releases", f"PATCH {base}", "PATCH /git/refs/tags/v0",
    ]  # fmt: skip


def test_a_commit_where_ci_failed_is_not_even_drafted(
    stage: Stage, repository: Path, github: Releases
) -> None:
    github.conclusion = "failure"
    run = play(stage, repository, github)
    assert run.jobs["check"] == "failure"
    logs = "".join(step.log for step in run.steps.values())
    assert "CI is not green at" in logs
    assert github.writes == []


def test_an_artifact_that_was_changed_on_its_way_is_not_drafted(
    stage: Stage, repository: Path, github: Releases
) -> None:
    meddler = f'open("layer-builder-{VERSION}.tar.gz", "ab").write(b"x")'
    run = play(stage, repository, github, meddler=meddler)
    assert (run.jobs["build"], run.jobs["draft"]) == ("success", "failure")
    assert github.writes == []


@pytest.fixture
def drafted(repository: Path, github: Releases, tmp_path: Path) -> Any:  # noqa: ANN401 (a function)
    """Go as far as the draft; gives what publishes it, as the job does after its approval."""
    ours = commands.Release(root=repository, version=VERSION, commit=github.commit, branch="main")
    api = GitHub(url=github.url, repository=REPOSITORY, token="t")
    commands.check(ours, api)
    commands.build(ours, tmp_path / "built")
    digests = commands.digests_of(tmp_path / "built")
    number = commands.draft(ours, api, tmp_path / "built", digests)
    return lambda: commands.publish(ours, api, number, digests)


def test_a_draft_that_was_changed_before_its_approval_is_not_published(
    drafted: Any,  # noqa: ANN401 (see there)
    github: Releases,
) -> None:
    (release,) = github.releases.values()
    release["assets"][0]["digest"] = "sha256:" + "0" * 64
    with pytest.raises(RefusedError, match="not what this run made"):
        drafted()
    assert release["draft"]
    assert github.tags["v0"] == OLD


def test_ci_that_failed_before_the_approval_ends_it(drafted: Any, github: Releases) -> None:  # noqa: ANN401 (see there)
    github.conclusion = "failure"
    with pytest.raises(RefusedError, match="CI is not green"):
        drafted()
    assert TAG not in github.tags


def test_a_release_that_is_not_immutable_does_not_get_v0(drafted: Any, github: Releases) -> None:  # noqa: ANN401 (see there)
    github.immutable = False
    with pytest.raises(RefusedError, match="enable immutable releases"):
        drafted()
    assert github.tags["v0"] == OLD


def test_what_failed_after_publishing_goes_on_from_there(drafted: Any, github: Releases) -> None:  # noqa: ANN401 (see there)
    drafted()
    github.tags["v0"] = OLD
    github.writes.clear()
    assert "v0 is at" in drafted()
    assert github.writes == ["PATCH /git/refs/tags/v0"]


def test_the_first_release_makes_v0_and_an_older_line_leaves_it(
    drafted: Any,  # noqa: ANN401 (see there)
    github: Releases,
) -> None:
    del github.tags["v0"]
    drafted()
    assert github.tags["v0"] == github.commit
    github.tags |= {"v0": OLD, "v0.999.0": OLD}
    assert "stays at a later version" in drafted()
    assert github.tags["v0"] == OLD
