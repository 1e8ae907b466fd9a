"""Commits of repositories and files at URLs in layers; and what to write instead of what moves."""

import json
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from ..local_index import wheel
from ..resolve.sdists import add_sdist
from .projects import commit, git, repositories, write_project

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]
Serve: TypeAlias = Callable[..., str]


def ask_for(workspace: Path, *packages: str, more: str = "") -> None:
    """Write a manifest with one layer."""
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nproof: off\nprune: off\n'
        f"layers:\n  deps: {{packages: {json.dumps(packages)}{more}}}\n"
    )


def packed(workspace: Path) -> dict[str, bytes]:
    """Read the files of the layer."""
    with zipfile.ZipFile(workspace / "dist/layers/deps.zip") as archive:
        return {name.removeprefix("python/"): archive.read(name) for name in archive.namelist()}


class Repository:
    """A project in a repository, at two commits, served over HTTP."""

    def __init__(self, folder: Path, serve: Serve) -> None:
        self.folder = write_project(
            folder / "shared", "shared", {"shared.py": "A = 1\n"}, requires=["six"]
        )
        (self.folder / "src/linked.py").symlink_to("shared.py")
        (self.folder / "elsewhere").symlink_to("/etc/passwd")
        write_project(self.folder / "sub", "below", {"below.py": "B = 1\n"})
        self.first = commit(self.folder)
        git(self.folder, "tag", "v1")
        git(self.folder, "tag", "-m", "x", "annotated")
        (self.folder / "src/shared.py").write_text("A = 2\n")
        self.second = commit(self.folder)
        self.url = f"{serve(repositories(folder), knows=False)}/shared/.git"


@pytest.fixture
def repository(tmp_path: Path, serve: Serve, add_wheel: Add) -> Repository:
    add_wheel("six", "1.0", {"six.py": "S = 1\n"})
    return Repository(tmp_path / "repositories", serve)


def test_a_commit_is_built_with_what_it_requires(
    run: Run, workspace: Path, repository: Repository
) -> None:
    ask_for(
        workspace, f"shared @ git+{repository.url}@{repository.first}", more=", build: [shared]"
    )
    done = run("publish", "--dry-run")
    assert done.returncode == 0, done.stderr
    files = packed(workspace)
    assert files["shared.py"] == files["linked.py"] == b"A = 1\n"
    assert files["six.py"] == b"S = 1\n"
    report = json.loads((workspace / "dist/layers/report.json").read_text())["layers"][0]
    first = report["stamp"]["key"]
    zipped = (workspace / "dist/layers/deps.zip").read_bytes()
    # The commit is kept: the repository may be gone. And the bytes are the same from anew.
    repository.folder.rename(repository.folder.with_name("gone"))
    assert run("build").returncode == 0
    repository.folder.with_name("gone").rename(repository.folder)
    assert run("publish", "--dry-run", env={"LAYER_BUILDER_NO_CACHE": "1"}).returncode == 0
    report = json.loads((workspace / "dist/layers/report.json").read_text())["layers"][0]
    assert report["stamp"]["key"] == first
    assert (workspace / "dist/layers/deps.zip").read_bytes() == zipped


def test_a_lock_holds_a_commit_and_a_wheel_of_the_workspace(
    run: Run, workspace: Path, repository: Repository
) -> None:
    file, content = wheel("vendored", "3.0", {"vendored.py": "V = 1\n"})
    (workspace / file).write_bytes(content)
    lines = [f"shared @ git+{repository.url}@{repository.first}", f"./{file}"]
    ask_for(workspace, *lines, more=", build: [shared]")
    assert run("lock").returncode == 0
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert packed(workspace).keys() >= {"shared.py", "vendored.py", "six.py"}
    (workspace / file).write_bytes(wheel("vendored", "3.0", {"vendored.py": "V = 2\n"})[1])
    done = run("build")
    assert done.returncode == 3
    assert "its requirements are no longer what layers.lock was made from" in done.stderr


def test_a_subdirectory_of_a_repository_is_built(
    run: Run, workspace: Path, repository: Repository
) -> None:
    line = f"below @ git+{repository.url}@{repository.first}#subdirectory=sub"
    ask_for(workspace, line, more=", build: [below]")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert packed(workspace)["below.py"] == b"B = 1\n"


def test_a_commit_over_ssh_goes_by_the_callers_own_command(
    run: Run, workspace: Path, repository: Repository, tmp_path: Path
) -> None:
    ssh = tmp_path / "ssh"
    ssh.write_text(
        '#!/bin/sh\necho "$SSH_AUTH_SOCK" > "$0.agent"\nfor last; do :; done\nexec sh -c "$last"\n'
    )
    ssh.chmod(0o755)
    line = f"shared @ git+ssh://git@example.com{repository.folder}/.git@{repository.second}"
    ask_for(workspace, line, more=", build: [shared]")
    done = run("build", env={"GIT_SSH_COMMAND": str(ssh), "SSH_AUTH_SOCK": "/agent"})
    assert done.returncode == 0, done.stderr
    assert packed(workspace)["shared.py"] == b"A = 2\n"
    assert (tmp_path / "ssh.agent").read_text() == "/agent\n"


@pytest.mark.parametrize(
    ("at", "which"),
    [("@main", "second"), ("@v1", "first"), ("@annotated", "first"), ("", "second")],
)
def test_what_moves_is_refused_with_the_commit_that_it_is_at(
    run: Run, workspace: Path, repository: Repository, at: str, which: str
) -> None:
    ask_for(workspace, f"shared[x] @ git+{repository.url}{at}#subdirectory=sub")
    done = run("build")
    assert done.returncode == 2
    asked = f"'{at[1:]}', which is no commit" if at else "whatever is newest"
    assert (
        f"shared[x] @ git+{repository.url} is asked for at {asked}: the next build may get other code"
    ) in done.stderr
    line = f"shared[x] @ git+{repository.url}@{getattr(repository, which)}#subdirectory=sub"
    assert f"now: write {line}\n" in done.stderr


def test_a_commit_needs_leave_to_be_built(
    run: Run, workspace: Path, repository: Repository
) -> None:
    address = f"git+{repository.url}@{repository.first}"
    ask_for(workspace, f"shared @ {address}")
    done = run("build")
    assert done.returncode == 2
    assert f"shared comes as source from {address}" in done.stderr
    assert "→ build: [shared] lets it, isolated" in done.stderr


GIT_REFUSALS = {
    "shared @ git+{url}@{gone}": (3, "git could not fetch what was asked for"),
    "shared @ git+file://{folder}@{first}": (2, "is no address that a layer is made from"),
    "shared @ git+ext::sh -c true@{first}": (2, "has a blank in its address"),
    "git+{url}@{first}": (
        2,
        "does not tell its name\n  → write it before: NAME @ git+{url}@{first}",
    ),
    "shared @ git+http://u:hunter2@127.0.0.1/x@{first}": (2, "http://…@127.0.0.1/x"),
    "shared @ git@example.com:a/b@{first}": (2, "is no address that a layer is made from"),
    "shared @ git+{url}@0123456": (2, "nobody there told which it is"),
    "shared @ git+{url}@{first}#subdirectory=../x": (2, "the subdirectory '../x' is none"),
    "shared @ git+{url}@{first}#subdirectory=src": (3, "has no pyproject.toml and no setup.py"),
}


@pytest.mark.parametrize("asked", GIT_REFUSALS)
def test_what_git_cannot_give_is_told(
    run: Run, workspace: Path, repository: Repository, asked: str
) -> None:
    words = {"url": repository.url, "folder": str(repository.folder), "first": repository.first,
             "gone": "0" * 40}  # fmt: skip
    ask_for(workspace, asked.format(**words), more=", build: [shared]")
    done = run("build")
    code, message = GIT_REFUSALS[asked]
    assert done.returncode == code, done.stderr
    assert message.format(**words) in done.stderr
    assert "layers.yml:6:" in done.stderr
    assert "hunter2" not in done.stderr


def test_a_login_in_the_callers_settings_of_git_is_used_and_not_told(
    run: Run, workspace: Path, repository: Repository, tmp_path: Path
) -> None:
    (tmp_path / "home").mkdir(exist_ok=True)
    inside = repository.url.replace("http://", "http://token:hunter2@")
    settings = f'[url "{inside}"]\n\tinsteadOf = https://git.example/shared\n'
    (tmp_path / "home/.gitconfig").write_text(settings)
    for commit_asked, code in ((repository.first, 0), ("0" * 40, 3)):
        line = f"shared @ git+https://git.example/shared@{commit_asked}"
        ask_for(workspace, line, more=", build: [shared]")
        done = run("build")
        assert done.returncode == code, done.stderr
        assert "hunter2" not in done.stderr


def test_a_layer_that_is_loaded_with_one_that_names_a_commit_gets_that(
    run: Run, workspace: Path, repository: Repository, add_wheel: Add
) -> None:
    add_wheel("shared", "1.0", {"stranger.py": ""})
    add_wheel("needs", "1.0", {"needs.py": ""}, requires=["shared"])
    line = f"shared @ git+{repository.url}@{repository.second}"
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nproof: off\nprune: off\nlayers:\n'
        f"  core: {{packages: [{json.dumps(line)}], build: [shared]}}\n"
        "  deps: {packages: [needs]}\n"
        "functions:\n  f: {function-name: f, layers: [core, deps]}\n"
    )
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert packed(workspace)["shared.py"] == b"A = 2\n"
    assert "stranger.py" not in packed(workspace)


def test_two_commits_of_one_distribution_in_layers_that_are_loaded_together_are_refused(
    run: Run, workspace: Path, repository: Repository
) -> None:
    lines = [
        f"shared @ git+{repository.url}@{one}" for one in (repository.first, repository.second)
    ]
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nproof: off\nbuild: [shared]\nlayers:\n'
        f"  one: {{packages: {json.dumps(lines[:1])}}}\n"
        f"  two: {{packages: {json.dumps(lines[1:])}, requires: [one]}}\n"
    )
    done = run("build")
    assert done.returncode == 3
    assert "shared is asked for from two places" in done.stderr
    assert all(line in done.stderr for line in lines)


def test_a_wheel_at_a_url_is_held_to_its_digest(
    run: Run, workspace: Path, index: str, add_wheel: Add
) -> None:
    add_wheel("six", "1.0", {"six.py": "S = 1\n"})
    path = add_wheel("away", "2.0", {"away.py": "A = 1\n"}, requires=["six"])
    digest = sha256(path.read_bytes()).hexdigest()
    url = f"{index}/files/{path.name}"
    for line in (f"away @ {url}#sha256={digest}", f"{url}#sha256={digest}"):
        ask_for(workspace, line)
        done = run("build")
        assert done.returncode == 0, done.stderr
        assert packed(workspace).keys() >= {"away.py", "six.py"}
    (workspace / "r.txt").write_text(f"away @ {url} --hash=sha256:{'0' * 64}\n")
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nproof: off\nlayers:\n  deps: {requirements: r.txt}\n'
    )
    done = run("build", env={"UV_CACHE_DIR": str(workspace.parent / "other-cache")})
    assert done.returncode == 3
    assert digest in done.stderr


def test_a_url_without_a_digest_is_refused_with_the_one_of_now(
    run: Run, workspace: Path, index: str, add_wheel: Add
) -> None:
    path = add_wheel("away", "2.0", {"away.py": ""})
    url = f"{index}/files/{path.name}"
    ask_for(workspace, f"away @ {url}", f"gone @ {index}/simple/gone")
    done = run("build")
    assert done.returncode == 2
    digest = sha256(path.read_bytes()).hexdigest()
    assert f"away @ {url} has no sha256: the next build may get another file" in done.stderr
    assert f"it is this now: write away @ {url}#sha256={digest}\n" in done.stderr
    assert f"write gone @ {index}/simple/gone#sha256=… with the digest" in done.stderr


def test_an_sdist_at_a_url_needs_leave(
    run: Run, workspace: Path, index: str, tmp_path: Path
) -> None:
    path = add_sdist(tmp_path / "index", "demo", {"demo.py": "D = 1\n"})
    line = f"demo @ {index}/files/{path.name}#sha256={sha256(path.read_bytes()).hexdigest()}"
    ask_for(workspace, line)
    done = run("build")
    assert done.returncode == 2
    assert "→ build: [demo] lets it, isolated" in done.stderr
    ask_for(workspace, line, more=", build: [demo]")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert packed(workspace)["demo.py"] == b"D = 1\n"


def test_a_wheel_of_the_workspace_needs_no_leave(run: Run, workspace: Path) -> None:
    file, content = wheel("vendored", "3.0", {"vendored.py": "V = 1\n"})
    (workspace / "wheels").mkdir()
    (workspace / "wheels" / file).write_bytes(content)
    ask_for(workspace, f"./wheels/{file}")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert packed(workspace)["vendored.py"] == b"V = 1\n"


def test_an_address_that_only_metadata_names_is_refused(
    run: Run, workspace: Path, index: str, add_wheel: Add, repository: Repository
) -> None:
    inner = add_wheel("inner", "1.0", {"inner.py": ""})
    for where in (f"{index}/files/{inner.name}", f"git+{repository.url}@main",
                  repository.folder.as_uri()):  # fmt: skip
        write_project(
            workspace / "libs/outer", "outer", {"outer.py": ""}, requires=[f"inner @ {where}"]
        )
        ask_for(workspace, "./libs/outer")
        done = run("build")
        assert done.returncode == 3, done.stderr
        assert not (workspace / "dist/layers/deps.zip").exists()
        assert "something requires inner from an address of its own" in done.stderr
        assert "name it, too: inner @ … under packages:" in done.stderr
    digest = sha256(inner.read_bytes()).hexdigest()
    ask_for(workspace, "./libs/outer", f"inner @ {index}/files/{inner.name}#sha256={digest}")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert {"outer.py", "inner.py"} <= packed(workspace).keys()
