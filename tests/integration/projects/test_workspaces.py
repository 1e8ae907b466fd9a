"""A workspace of uv's: its members take their part of the one lock, from wherever the manifest lies."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest
import uv

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
MACHINE = os.uname().machine.replace("aarch64", "arm64")
HEAD = f'version: 1\npython: "{PYTHON}"\narchitecture: {MACHINE}\nproof: off\n'
ROOT = """\
[tool.uv.workspace]
members = ["packages/*"]
exclude = ["packages/alone"]
[tool.uv]
constraint-dependencies = ["base<2"]
[dependency-groups]
lint = ["check"]
"""
MEMBER = """\
[project]
name = "{name}"
version = "1"
requires-python = ">=3.9"
dependencies = {needs}
[project.optional-dependencies]
web = ["more"]
[dependency-groups]
core = ["extra"]
"""


@pytest.fixture(autouse=True)
def _shelf(add_wheel: Add) -> None:
    add_wheel("app", "1.0", {"app.py": ""}, requires=["base"])
    for name in ("more", "extra", "check", "other"):
        add_wheel(name, "1.0", {f"{name}.py": ""})
    for version in ("1.0", "1.5", "2.0"):
        add_wheel("base", version, {"base.py": f"V = '{version}'\n"})


@pytest.fixture
def lock(workspace: Path, environ: Mapping[str, str]) -> Callable[[], None]:
    """Have uv lock the workspace."""

    def start() -> None:
        subprocess.run(
            [uv.find_uv_bin(), "lock", "-q", "--python", sys.executable],
            cwd=workspace, env=dict(environ), check=True,
        )  # fmt: skip

    return start


@pytest.fixture
def shop(workspace: Path) -> Path:
    """Write a workspace of two members, and a project that it leaves out."""
    (workspace / "pyproject.toml").write_text(ROOT)
    for name, needs in {"api": ["app"], "jobs": ["other"], "alone": ["base"]}.items():
        folder = workspace / "packages" / name
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(MEMBER.format(name=name, needs=json.dumps(needs)))
    return workspace


def write(folder: Path, entry: str) -> None:
    (folder / "layers.yml").write_text(f"{HEAD}layers:\n  core: {{project: {entry}}}\n")


def versions(folder: Path) -> dict[str, str]:
    (layer,) = json.loads((folder / "dist/layers/report.json").read_text())["layers"]
    return {one["name"]: one["version"] for one in layer["packages"]}


# The newest that the constraint of the workspace lets it be.
APP = {"app": "1.0", "base": "1.5"}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{path: packages/api}", APP),
        ("{path: packages/jobs}", {"other": "1.0"}),
        ("{path: packages/api, extras: [web]}", {**APP, "more": "1.0"}),
        ("{path: packages/api, groups: [core]}", {"extra": "1.0"}),
        ("{path: ., groups: [lint]}", {"check": "1.0"}),
        ("{path: packages/alone}", {"base": "2.0"}),
    ],
)
def test_a_member_takes_its_part_of_the_lock(
    run: Run, shop: Path, lock: Callable[[], None], entry: str, expected: dict[str, str]
) -> None:
    lock()
    write(shop, entry)
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert versions(shop) == expected


def test_the_lock_may_lie_above_the_manifest_within_the_checkout(
    run: Run, shop: Path, lock: Callable[[], None], add_wheel: Add
) -> None:
    lock()
    add_wheel("base", "1.6", {"base.py": ""})
    member = shop / "packages/api"
    write(member, "{path: .}")
    done = run("build", cwd=member, env={"GITHUB_WORKSPACE": str(shop)})
    assert done.returncode == 0, done.stderr
    assert versions(member) == APP
    # Beyond the workspace nothing is read: what is there is none of this project's.
    done = run("build", cwd=member, env={"GITHUB_WORKSPACE": str(member)})
    assert done.returncode == 0, done.stderr
    assert versions(member) == {"app": "1.0", "base": "2.0"}


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (
            "packages/api/pyproject.toml", '["app"]', '["app", "other"]',
            "project: uv.lock is out of date: its dependencies have changed since it was written,"
            " in pyproject.toml: other",
        ),
        (
            "packages/api/pyproject.toml", '"extra"', '"extra<9"',
            "uv.lock is out of date: the group core have changed",
        ),
        (
            "packages/api/pyproject.toml", '"api"', '"shop-api"',
            "uv.lock is out of date: it does not hold the project 'shop-api'",
        ),
        (
            "packages/jobs/pyproject.toml", '["other"]', '["other", "base"]',
            "uv.lock is out of date: the dependencies of jobs have changed since it was written",
        ),
        (
            "pyproject.toml", '"base<2"', '"base<1.2"',
            "uv.lock is out of date: its constraint-dependencies have changed",
        ),
    ],
)  # fmt: skip
def test_a_lock_that_a_member_or_the_root_has_outgrown_is_told(  # noqa: PLR0913, PLR0917 (a table's columns)
    run: Run, shop: Path, lock: Callable[[], None], file: str, old: str, new: str, said: str
) -> None:
    lock()
    write(shop, "{path: packages/api}")
    changed = (shop / file).read_text().replace(old, new)
    (shop / file).write_text(changed)
    done = run("build")
    assert done.returncode == 2, done.stderr
    assert "layers.yml:6:19: layer core: " in done.stderr
    assert said in done.stderr
    assert "→ `uv lock` renews it" in done.stderr
    lock()
    done = run("build")
    assert done.returncode == 0, done.stderr


def test_what_cannot_be_used_of_a_workspace_is_refused_with_the_reason(
    run: Run, shop: Path, lock: Callable[[], None]
) -> None:
    def refusal(entry: str) -> str:
        write(shop, entry)
        done = run("build")
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("error: ") == 1
        return done.stderr

    said = refusal("{path: packages/api}")
    assert "packages/api is a member of the uv workspace in ., which has no uv.lock" in said
    assert "→ `uv lock` there writes one for all members" in said
    lock()
    said = refusal("{path: .}")
    assert "name a group, or the folder of a member (api, jobs)" in said
    (shop / "packages/api/uv.lock").write_text((shop / "uv.lock").read_text())
    said = refusal("{path: packages/api}")
    assert "packages/api has a uv.lock, and is a member of the uv workspace in ." in said
    assert "→ remove packages/api/uv.lock" in said
    (shop / "packages/api/uv.lock").unlink()
    (shop / "pyproject.toml").write_text("[tool.uv\n")
    said = refusal("{path: packages/api}")
    assert "packages/api: the workspace it may belong to cannot be read: " in said


def test_an_unlocked_project_does_not_ask_an_index_for_what_comes_from_elsewhere(
    run: Run, workspace: Path
) -> None:
    sources = '[tool.uv.sources]\nbase = {path = "../base"}\n'
    (workspace / "pyproject.toml").write_text(MEMBER.format(name="x", needs='["base"]') + sources)
    write(workspace, "{path: .}")
    done = run("build")
    assert done.returncode == 2, done.stderr
    assert "base is to come from a source of its own, which only a lock makes safe" in done.stderr
    assert "`uv lock` writes one" in done.stderr
