"""Projects of the workspace in layers: built isolated, with the digest of their sources in the key."""

import json
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from .projects import commit, git, write_project

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]


WEIGH = ("publish", "--dry-run")
"""Tells content keys."""


def ask_for(workspace: Path, *packages: str, more: str = "") -> None:
    """Write a manifest with one layer."""
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nproof: off\nprune: off\n'
        f"layers:\n  deps: {{packages: {json.dumps(packages)}{more}}}\n"
    )


def packed(workspace: Path, layer: str = "deps") -> dict[str, bytes]:
    """Read the files of a layer."""
    with zipfile.ZipFile(workspace / f"dist/layers/{layer}.zip") as archive:
        return {name.removeprefix("python/"): archive.read(name) for name in archive.namelist()}


def key(workspace: Path, layer: str = "deps") -> str:
    """Read the content key of a layer."""
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    (found,) = (one for one in report["layers"] if one["key"] == layer)
    return str(found["stamp"]["key"])


@pytest.fixture
def common(workspace: Path, add_wheel: Add) -> Path:
    """Write a project that requires a distribution of the index."""
    add_wheel("six", "1.0", {"six.py": "S = 1\n"})
    return write_project(
        workspace / "libs/common", "Our.Common", {"common/__init__.py": "A = 1\n"}, requires=["six"]
    )


def test_a_local_project_is_built_and_what_it_requires_comes_along(
    run: Run, workspace: Path, common: Path
) -> None:
    ask_for(workspace, "./libs/common")
    done = run("build")
    assert done.returncode == 0, done.stderr
    files = packed(workspace)
    assert files["common/__init__.py"] == b"A = 1\n"
    assert files["six.py"] == b"S = 1\n"
    assert not any(str(workspace).encode() in content for content in files.values())
    assert not (common / "left-by-the-backend").exists()
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    named = {one["name"]: one["version"] for one in report["layers"][0]["packages"]}
    assert named == {"our-common": "1.0", "six": "1.0"}


def test_the_key_goes_by_the_bytes_that_git_would_take_and_by_nothing_else(
    run: Run, workspace: Path, common: Path, tmp_path: Path
) -> None:
    ask_for(workspace, "./libs/common")
    assert run(*WEIGH).returncode == 0
    first, zipped = key(workspace), (workspace / "dist/layers/deps.zip").read_bytes()
    # Elsewhere, by another umask and clock, with git, and with what tools leave behind.
    (workspace / ".gitignore").write_text("*.local\n/libs/common/data/\n")
    (common / ".gitignore").write_text("!kept.local\n")
    (common / "kept.local").write_text("x")
    assert run(*WEIGH).returncode == 0
    with_ignore = key(workspace)
    assert with_ignore != first  # two files more
    for path in ("data/big", "own.local", "build/lib/a.py", "x.egg-info/PKG-INFO",
                 "src/common/__pycache__/a.pyc", ".venv/bin/python"):  # fmt: skip
        (common / path).parent.mkdir(parents=True, exist_ok=True)
        (common / path).write_text("left")
    for one in common.rglob("*"):
        os.utime(one, (1, 1))
        one.chmod(0o700 if one.is_dir() else 0o600)
    assert run(*WEIGH).returncode == 0
    assert key(workspace) == with_ignore
    commit(workspace)
    assert run(*WEIGH, umask=0o077).returncode == 0
    assert key(workspace) == with_ignore
    moved = tmp_path / "moved"
    shutil.copytree(workspace, moved, ignore=shutil.ignore_patterns(".git", "dist"))
    assert run(*WEIGH, cwd=moved, env={"GITHUB_WORKSPACE": str(moved)}).returncode == 0
    assert key(moved) == with_ignore
    assert (moved / "dist/layers/deps.zip").read_bytes() == zipped
    (common / "src/common/__init__.py").write_text("A = 2\n")
    assert run(*WEIGH).returncode == 0
    assert key(workspace) != with_ignore
    assert packed(workspace)["common/__init__.py"] == b"A = 2\n"


def test_what_git_tracks_though_it_ignores_it_is_in(
    run: Run, workspace: Path, common: Path
) -> None:
    (workspace / ".gitignore").write_text("libs/\n/dist/\n")
    (workspace / "libs/common/src/common/extra.py").write_text("")
    git(workspace, "init", "-q")
    ask_for(workspace, "./libs/common")
    done = run("build")
    assert done.returncode == 2
    assert "git ignores what is in 'libs/common'" in done.stderr
    git(workspace, "add", "-f", "libs/common/src/common/__init__.py")
    git(
        workspace,
        "add",
        "-f",
        *(f"libs/common/{name}" for name in ("pyproject.toml", "backend.py")),
    )
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert {name for name in packed(workspace) if name.startswith("common/")} == {
        "common/__init__.py"
    }
    assert common.exists()


NOSY = """\
import json, os
pathlib = __import__("pathlib")
def reached():
    try:
        told = pathlib.Path({credentials!r}).read_text()
    except OSError as error:
        told = type(error).__name__
    return json.dumps([sorted(os.environ), told])
pathlib.Path("src").mkdir(exist_ok=True)
pathlib.Path("src/reached.json").write_text(reached())
"""


def test_the_backend_of_a_local_project_gets_no_credentials(
    run: Run, workspace: Path, tmp_path: Path
) -> None:
    credentials = tmp_path / "home/.aws/credentials"
    credentials.parent.mkdir(parents=True)
    credentials.write_text("canary")
    before = NOSY.format(credentials=str(credentials))
    write_project(workspace / "libs/nosy", "nosy", {"nosy.py": ""}, before=before)
    ask_for(workspace, "./libs/nosy")
    done = run("build", env={"GITHUB_TOKEN": "canary", "UV_INDEX_OWN_PASSWORD": "canary"})
    assert done.returncode == 0, done.stderr
    variables, told = json.loads(packed(workspace)["reached.json"])
    assert told in {"PermissionError", "FileNotFoundError"}
    assert set(variables) <= {
        "PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE", "PYTHONHASHSEED", "VIRTUAL_ENV", "PYTHONPATH",
        "SOURCE_DATE_EPOCH", "PEP517_BACKEND_PATH", "PWD",
    }  # fmt: skip


LOOKS_UP = """\
import os
folder = os.getcwd()
while not os.path.isfile(os.path.join(folder, ".gitignore")):
    if os.path.exists(os.path.join(folder, ".git")) or folder == "/":
        break
    folder = os.path.dirname(folder)
else:
    open(os.path.join(folder, ".gitignore")).read()
"""
"""As hatchling does."""


def test_a_backend_that_looks_for_what_git_ignores_finds_nothing(run: Run, workspace: Path) -> None:
    write_project(workspace / "libs/up", "up", {"up.py": ""}, before=LOOKS_UP)
    ask_for(workspace, "./libs/up")
    done = run("build")
    assert done.returncode == 0, done.stderr


def test_the_project_around_the_manifest_is_one_too_and_what_was_built_is_not_in_it(
    run: Run, workspace: Path
) -> None:
    write_project(workspace, "shop", {"shop.py": ""})
    ask_for(workspace, ".")
    keys = set()
    for _ in range(2):
        done = run(*WEIGH, "--output-dir", "out")
        assert done.returncode == 0, done.stderr
        report = json.loads((workspace / "out/report.json").read_text())
        keys.add(report["layers"][0]["stamp"]["key"])
    assert len(keys) == 1


@pytest.mark.parametrize("spelling", ["-e ../libs/common", "--editable=../libs/common", "../libs/common",
                                      "our_common @ ../libs/common"])  # fmt: skip
def test_a_requirements_file_names_it_from_its_own_folder(
    run: Run, workspace: Path, common: Path, spelling: str
) -> None:
    (workspace / "requirements").mkdir()
    (workspace / "requirements/app.txt").write_text(f"{spelling}\n")
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nproof: off\nlayers:\n'
        "  deps: {requirements: requirements/app.txt}\n"
    )
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert packed(workspace)["common/__init__.py"] == b"A = 1\n"
    said = "requirements/app.txt:1:1: -e libs/common means the same as libs/common"
    assert (said in done.stderr) == spelling.startswith("-")
    assert common.exists()


def test_the_manifest_of_a_folder_takes_a_project_beside_it(
    run: Run, workspace: Path, common: Path
) -> None:
    (workspace / "app").mkdir()
    ask_for(workspace / "app", "../libs/common[more] ; python_version >= '3.10'")
    git(workspace, "init", "-q")
    done = run("build", "--manifest", "app/layers.yml")
    assert done.returncode == 0, done.stderr
    assert packed(workspace)["common/__init__.py"] == b"A = 1\n"
    assert common.exists()


REFUSALS = {
    "../outside": "'../outside' leaves the workspace, which is the git checkout or GITHUB_WORKSPACE",
    "./out": "'./out' leaves the workspace, which is the git checkout or GITHUB_WORKSPACE",
    "/libs/common": "'/libs/common' is another path on every machine",
    "~/common": "'~/common' is another path on every machine",
    "./gone": "there is nothing at './gone'",
    "./libs": "'./libs' has no pyproject.toml and no setup.py, so nothing builds it",
    "other @ ./libs/common": "'./libs/common' is Our.Common, and not other",
    "file:///libs/common": "NAME @ file:///libs/common is no address that a layer is made from",
    "./libs/linked": "link.py is a link that leaves the workspace",
    "./libs/nameless": "'./libs/nameless' does not tell its name without running its code",
}


@pytest.mark.parametrize("asked", REFUSALS)
def test_what_is_no_project_of_the_workspace_is_refused_at_its_place(
    run: Run, workspace: Path, common: Path, tmp_path: Path, asked: str
) -> None:
    write_project(tmp_path / "outside", "outside", {})
    (workspace / "out").symlink_to(tmp_path / "outside")
    write_project(workspace / "libs/linked", "linked", {})
    (workspace / "libs/linked/link.py").symlink_to(tmp_path / "outside/backend.py")
    (workspace / "libs/nameless").mkdir()
    (workspace / "libs/nameless/setup.py").write_text(
        "import setuptools; setuptools.setup(name=f())"
    )
    ask_for(workspace, asked)
    done = run("build", env={"GITHUB_WORKSPACE": str(workspace)})
    assert done.returncode == 2, done.stderr
    assert REFUSALS[asked] in done.stderr
    assert "layers.yml:6:" in done.stderr
    assert common.exists()


def test_a_wheel_that_is_not_pure_is_refused(run: Run, workspace: Path) -> None:
    tag = f"cp3{sys.version_info[1]}-cp3{sys.version_info[1]}-linux_{os.uname().machine}"
    write_project(workspace / "libs/fast", "fast", {"fast/_c.so": "x"}, tag=tag)
    ask_for(workspace, "./libs/fast")
    done = run("build")
    assert done.returncode == 3
    assert "layers.yml:6:" in done.stderr
    assert f"builds a wheel for {tag}: what is compiled here may not load in Lambda" in done.stderr
    assert "fast/_c.so" in done.stderr


def test_what_looks_like_credentials_stays_out_and_is_told(
    run: Run, workspace: Path, common: Path
) -> None:
    (common / "src/common/server.pem").write_text("secret")
    ask_for(workspace, "./libs/common")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert "common/server.pem" not in packed(workspace)
    assert (
        "left out of our-common, since they look like credentials: src/common/server.pem"
        in done.stderr
    )


def test_a_project_that_takes_another_by_uvs_sources_gets_that_one(
    run: Run, workspace: Path, common: Path, add_wheel: Add
) -> None:
    add_wheel("our-common", "9.0", {"stranger.py": ""})
    write_project(workspace / "libs/app", "app", {"app.py": ""}, requires=["our-common"],
                  more='[tool.uv.sources]\nour-common = {path = "../common"}\n')  # fmt: skip
    ask_for(workspace, "./libs/app")
    done = run(*WEIGH)
    assert done.returncode == 0, done.stderr
    assert {"app.py", "common/__init__.py", "six.py"} <= packed(workspace).keys()
    assert "stranger.py" not in packed(workspace)
    first = key(workspace)
    (common / "src/common/__init__.py").write_text("A = 3\n")
    assert run(*WEIGH).returncode == 0
    assert key(workspace) != first


def test_a_member_of_uvs_workspace_is_found(run: Run, workspace: Path, common: Path) -> None:
    (workspace / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["libs/*"]\n')
    write_project(workspace / "libs/app", "app", {"app.py": ""}, requires=["our-common"],
                  more="[tool.uv.sources]\nour-common = {workspace = true}\n")  # fmt: skip
    ask_for(workspace, "./libs/app")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert {"app.py", "common/__init__.py"} <= packed(workspace).keys()
    assert common.exists()


def test_layers_that_are_loaded_together_have_one_of_it(
    run: Run, workspace: Path, common: Path, add_wheel: Add
) -> None:
    add_wheel("our-common", "1.0", {"stranger.py": ""})
    write_project(workspace / "libs/app", "app", {"app.py": ""}, requires=["our-common"])
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nproof: off\nlayers:\n'
        "  core: {packages: [./libs/common]}\n"
        "  more: {packages: [./libs/app], requires: [core]}\n"
        "  beside: {packages: [./libs/app]}\n"
        "functions:\n  f: {function-name: f, layers: [core, beside]}\n"
    )
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert "common/__init__.py" in packed(workspace, "core")
    assert set(packed(workspace, "more")) & {"common/__init__.py", "stranger.py"} == set()
    assert "common/__init__.py" in packed(workspace, "beside")
    assert "stranger.py" not in packed(workspace, "beside")
    assert common.exists()


def test_a_lock_holds_what_it_requires_and_not_its_sources(
    run: Run, workspace: Path, common: Path, add_wheel: Add
) -> None:
    ask_for(workspace, "./libs/common")
    done = run("lock")
    assert done.returncode == 0, done.stderr
    add_wheel("six", "2.0", {"six.py": "S = 2\n"})
    (common / "src/common/__init__.py").write_text("A = 4\n")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert packed(workspace)["common/__init__.py"] == b"A = 4\n"
    assert packed(workspace)["six.py"] == b"S = 1\n"
    add_wheel("more", "1.0", {"more.py": ""})
    write_project(common, "Our.Common", {}, requires=["six", "more"])
    done = run("build")
    assert done.returncode == 3
    assert "more is required by our-common, and not pinned" in done.stderr


def test_hashes_in_the_file_hold_for_a_local_project_too(
    run: Run, workspace: Path, common: Path, environ: Mapping[str, str], add_wheel: Add
) -> None:
    content = add_wheel("six", "1.0", {"six.py": "S = 1\n"}).read_bytes()
    line = f"six==1.0 --hash=sha256:{sha256(content).hexdigest()}\n"
    (workspace / "r.txt").write_text(f"{line}./libs/common\n")
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nproof: off\nlayers:\n  deps: {requirements: r.txt}\n'
    )
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert common.exists()
    assert environ
