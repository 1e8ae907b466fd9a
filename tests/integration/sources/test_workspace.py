"""What of the workspace gets into a layer, and what never does."""

import os
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]


def fill(workspace: Path, *files: str) -> None:
    for file in files:
        path = workspace / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"# {file}\n")


def include(workspace: Path, entry: str) -> None:
    """Write a manifest with one layer `code`; its include is in line 5, column 14."""
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "3.12"\nlayers:\n  code:\n    include: {entry}\n'
    )


def names(workspace: Path) -> list[str]:
    with zipfile.ZipFile(workspace / "dist/layers/code.zip") as archive:
        return archive.namelist()


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("src/", ["python/src/a.py", "python/src/sub/b.py"]),
        ("src", ["python/src/a.py", "python/src/sub/b.py"]),
        ("[./src/sub]", ["python/src/sub/b.py"]),
        ("src/a.py", ["python/src/a.py"]),
        ("[{from: src/, to: python/}]", ["python/a.py", "python/sub/b.py"]),
        ("[{from: src, to: lib/own}]", ["lib/own/a.py", "lib/own/sub/b.py"]),
        ("[{from: src/a.py, to: python/main.py}]", ["python/main.py"]),
        ("[{from: src/a.py, to: python/app/}]", ["python/app/a.py"]),
        ("[src/a.py, src/]", ["python/src/a.py", "python/src/sub/b.py"]),
        ('src/\n    exclude: ["**/b.py"]', ["python/src/a.py"]),
        ("src/\n    exclude: sub/", ["python/src/a.py"]),
        ('src/\n    exclude: ["src/*", "!src/a.py"]', ["python/src/a.py"]),
    ],
)
def test_an_include_puts_files_where_it_says(
    run: Run, workspace: Path, entry: str, expected: Sequence[str]
) -> None:
    fill(workspace, "src/a.py", "src/sub/b.py", "tool.sh")
    include(workspace, entry)
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert names(workspace) == expected


def test_paths_are_relative_to_the_manifest(run: Run, workspace: Path) -> None:
    fill(workspace, "service/src/a.py", "src/wrong.py")
    include(workspace / "service", "src/")
    done = run("build", "--manifest", "service/layers.yml")
    assert done.returncode == 0, done.stderr
    assert names(workspace) == ["python/src/a.py"]


def test_clutter_is_left_out_and_said_secrets_with_a_warning(run: Run, workspace: Path) -> None:
    fill(
        workspace,
        "src/a.py", "src/.git/config", "src/.venv/lib/x.py", "src/__pycache__/a.cpython-312.pyc",
        "src/old.pyc", "src/.env", "src/sub/.env.production", "src/server.pem", "src/id_rsa",
        "src/environment.py", "src/.gitignore",
    )  # fmt: skip
    include(workspace, "src/")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert names(workspace) == [
        "python/src/.gitignore", "python/src/a.py", "python/src/environment.py",
    ]  # fmt: skip
    lines = done.stderr.splitlines()
    assert (
        "warning: layers.yml:5:14: layer code: left out, since they look like credentials:"
        " src/.env, src/id_rsa, src/server.pem, src/sub/.env.production"
    ) in lines
    assert (
        "code: left out of the layer: src/.git/, src/.venv/, src/__pycache__/, src/old.pyc" in lines
    )


@pytest.mark.parametrize("entry", ["src/.env", "[{from: src/.env, to: python/settings}]"])
def test_a_secret_stays_out_even_by_its_name(run: Run, workspace: Path, entry: str) -> None:
    fill(workspace, "src/.env")
    include(workspace, entry)
    done = run("build")
    assert done.returncode == 2
    assert (
        "layer code: its include: finds no file (src/.env left out), and AWS refuses an empty layer"
        in done.stderr
    )


@pytest.mark.parametrize("link", ["src/out", "src", "src/sub/out"])
@pytest.mark.parametrize("to", ["outside", "outside/file.txt"])
def test_a_link_that_leaves_the_workspace_is_refused(
    run: Run, workspace: Path, tmp_path: Path, link: str, to: str
) -> None:
    fill(tmp_path, "outside/file.txt")
    path = workspace / link
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(tmp_path / to)
    fill(workspace, "other.py")
    include(workspace, "[src, other.py]")
    done = run("build")
    assert done.returncode == 2
    assert (
        f"error: layers.yml:5:15: layer code: {link} is a link that leaves the workspace\n"
        in done.stderr
    )
    assert not (workspace / "dist/layers/code.zip").exists()


def test_a_link_that_is_excluded_may_point_anywhere(
    run: Run, workspace: Path, tmp_path: Path
) -> None:
    fill(workspace, "src/a.py")
    (workspace / "src/out").symlink_to(tmp_path)
    include(workspace, "src/\n    exclude: src/out")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert names(workspace) == ["python/src/a.py"]


def test_links_inside_the_workspace_become_files(run: Run, workspace: Path) -> None:
    fill(workspace, "shared/common.py", "src/a.py")
    (workspace / "src/shared").symlink_to("../shared")
    (workspace / "src/alias.py").symlink_to("a.py")
    include(workspace, "src/")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert names(workspace) == [
        "python/src/a.py", "python/src/alias.py", "python/src/shared/common.py",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "links",
    [{"src/loop": "."}, {"src/up": ".."}, {"src/x/to-y": "../y", "src/y/to-x": "../x"}],
    ids=str,
)
def test_loops_of_links_end(run: Run, workspace: Path, links: dict[str, str]) -> None:
    fill(workspace, "src/a.py", "src/x/x.py", "src/y/y.py")
    for link, target in links.items():
        (workspace / link).symlink_to(target)
    include(workspace, "src/")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert {"python/src/a.py", "python/src/x/x.py", "python/src/y/y.py"} <= set(names(workspace))


@pytest.mark.parametrize("target", ["self", "nowhere"])
def test_a_link_to_nothing_is_told(run: Run, workspace: Path, target: str) -> None:
    fill(workspace, "src/a.py")
    (workspace / "src/self").symlink_to(target)
    include(workspace, "src/")
    done = run("build")
    assert done.returncode == 2
    assert "error: layers.yml:5:14: layer code: src/self is a link to nothing\n" in done.stderr


def test_what_is_not_a_file_is_told(run: Run, workspace: Path) -> None:
    fill(workspace, "src/a.py")
    os.mkfifo(workspace / "src/pipe")
    include(workspace, "src/")
    done = run("build")
    assert done.returncode == 2
    assert "layer code: src/pipe is not a file\n" in done.stderr


def test_a_name_that_is_not_text_is_told(run: Run, workspace: Path) -> None:
    fill(workspace, "src/a.py")
    for name in (b"caf\xe9.txt", b"caf\xe9.pem"):
        (workspace / "src" / os.fsdecode(name)).write_text("latin-1\n")
    include(workspace, "src/")
    done = run("build", env={"GITHUB_ACTIONS": "true"})
    assert done.returncode == 2
    assert r"layer code: the name src/caf\xe9.txt is not UTF-8" in done.stdout
    assert r"look like credentials: src/caf\xe9.pem" in done.stdout
    assert (workspace / "dist/layers/report.json").exists()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("nothing-here", "there is nothing at nothing-here"),
        ("empty/", "its include: finds no file, and AWS refuses an empty layer"),
        ('src/\n    exclude: "*"', "its include: finds no file, and AWS refuses an empty layer"),
    ],
)
def test_an_include_that_finds_nothing_is_an_error(
    run: Run, workspace: Path, entry: str, message: str
) -> None:
    fill(workspace, "src/a.py")
    (workspace / "empty").mkdir()
    include(workspace, entry)
    done = run("build")
    assert done.returncode == 2
    assert f"error: layers.yml:5:14: layer code: {message}" in done.stderr


def test_the_output_of_an_earlier_run_is_no_input(run: Run, workspace: Path) -> None:
    fill(workspace, "a.py")
    include(workspace, ".")
    digests = set()
    for _ in range(2):
        done = run("build")
        assert done.returncode == 0, done.stderr
        digests.add((workspace / "dist/layers/code.zip").read_bytes())
        assert names(workspace) == ["python/a.py", "python/layers.yml"]
    assert len(digests) == 1
