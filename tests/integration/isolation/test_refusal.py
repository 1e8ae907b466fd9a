"""Where isolation does not hold nothing is imported, unless the user says so in writing."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

SURROUND = Path(__file__).with_name("surround.py")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
MANIFEST = 'version: 1\npython: "{}"\nbytecode: all\n{}layers:\n  deps: {{packages: [demo]}}\n'


@pytest.fixture
def without_landlock(tmp_path: Path) -> str:
    """Give a Python that runs as if the kernel had no Landlock."""
    program = tmp_path / "python-without-landlock"
    words = f"{sys.executable} -P {SURROUND} no-landlock {os.getuid()} {sys.executable}"
    program.write_text(f'#!/bin/sh\nexec {words} "$@"\n')
    program.chmod(0o755)
    return str(program)


@pytest.fixture
def marker(tmp_path: Path, workspace: Path, add_wheel: Add) -> Path:
    """Give a file that importing the layer makes, where it can."""
    made = tmp_path / "imported"
    add_wheel(
        "demo", "1.0", {"demo.py": f"try: open({str(made)!r}, 'w').close()\nexcept OSError: pass\n"}
    )
    (workspace / "layers.yml").write_text(MANIFEST.format(PYTHON, ""))
    return made


def test_nothing_is_imported_and_the_ways_on_are_told(
    run: Run, marker: Path, workspace: Path, without_landlock: str
) -> None:
    done = run("publish", python=without_landlock)
    assert done.returncode == 4
    assert "code of others cannot be isolated here, so it was not run" in done.stderr
    assert "files: it could reach reading a file" in done.stderr
    assert "the kernel has no Landlock" in done.stderr
    assert "require-isolation: false, or proof: {unisolated: allow}" in done.stderr
    assert not marker.exists()
    assert json.loads((workspace / "dist/layers/report.json").read_text())["isolated"] is False


@pytest.mark.parametrize("how", ["the input", "the manifest"])
def test_in_writing_it_goes_on_with_a_warning(
    run: Run, marker: Path, workspace: Path, without_landlock: str, how: str
) -> None:
    words = ["--require-isolation", "false"] if how == "the input" else []
    if how == "the manifest":
        text = MANIFEST.format(PYTHON, "proof: {depth: imports, unisolated: allow}\n")
        (workspace / "layers.yml").write_text(text)
    done = run("publish", *words, python=without_landlock)
    assert done.returncode == 0, done.stderr
    assert "proven without isolation, as was allowed" in done.stderr
    assert marker.exists()
    assert json.loads((workspace / "dist/layers/report.json").read_text())["isolated"] is False


def test_where_it_holds_the_report_says_so(run: Run, marker: Path, workspace: Path) -> None:
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert not marker.exists()
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    assert report["isolated"] is True
    assert sorted(report["layers"][0]["proof"]["isolated"]) == ["files", "network", "processes"]


def test_what_was_proven_without_isolation_is_not_taken_where_it_is_required(
    run: Run, marker: Path, tmp_path: Path, without_landlock: str
) -> None:
    env = {"LAYER_BUILDER_NO_CACHE": None, "LAYER_BUILDER_CACHE_DIR": str(tmp_path / "cache")}
    words = ("publish", "--require-isolation", "false")
    assert run(*words, env=env, python=without_landlock).returncode == 0
    assert marker.exists()
    again = run("publish", env=env)
    assert again.returncode == 0, again.stderr
    assert "deps: zipped" in again.stderr
    assert "deps: zipped" not in run("publish", env=env).stderr


HOSTED = {"GITHUB_ACTIONS": "true", "RUNNER_ENVIRONMENT": "github-hosted"}
BARE = {**HOSTED, "AWS_ACCESS_KEY_ID": None, "AWS_SECRET_ACCESS_KEY": None}


def test_a_job_of_github_that_holds_nothing_needs_no_word(
    run: Run, marker: Path, workspace: Path, without_landlock: str
) -> None:
    done = run("build", env=BARE, python=without_landlock)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "::warning" in done.stdout
    assert "proven without isolation, as was allowed" in done.stdout
    assert "what allows it: a job without credentials, which publishes nothing" in done.stdout
    assert marker.exists()
    assert json.loads((workspace / "dist/layers/report.json").read_text())["isolated"] is False


@pytest.mark.parametrize(
    ("command", "more"),
    [
        ("publish", {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}),
        ("build", {"AWS_ACCESS_KEY_ID": "testing"}),
        ("build", {"ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t"}),
        ("build", {"ACTIONS_RUNTIME_TOKEN": "t"}),
        ("build", {"GITHUB_TOKEN": "t"}),
        ("build", {"DEPLOY_API_KEY": "t"}),
        ("build", {"HTTPS_PROXY": "http://me:secret@proxy.example"}),
        ("build", {"UV_INDEX_PRIVATE_PASSWORD": "t"}),
        ("build", {"GITHUB_ACTIONS": None}),
        ("build", {"RUNNER_ENVIRONMENT": "self-hosted"}),
        ("build", {"RUNNER_ENVIRONMENT": None}),
    ],
)
def test_a_job_that_holds_something_or_may_outlive_its_machine_does(
    run: Run, marker: Path, without_landlock: str, command: str, more: dict[str, str | None]
) -> None:
    done = run(command, env={**BARE, **more}, python=without_landlock)
    assert done.returncode == 4, done.stdout
    assert "code of others cannot be isolated here" in done.stderr + done.stdout
    assert not marker.exists()


@pytest.mark.parametrize("kept", ["home/.aws/credentials", "home/.netrc", "workspace/.git/config"])
def test_a_file_of_logins_counts(
    run: Run, marker: Path, tmp_path: Path, without_landlock: str, kept: str
) -> None:
    (tmp_path / kept).parent.mkdir(parents=True)
    (tmp_path / kept).write_text("extraheader = AUTHORIZATION: basic dGVzdA==")
    done = run("build", env=BARE, python=without_landlock)
    assert done.returncode == 4, done.stdout
    assert not marker.exists()
