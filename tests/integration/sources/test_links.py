"""Links that a repository commits lead nowhere out of the workspace, neither to read nor to write."""

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]

MANIFEST = 'version: 1\npython: "3.12"\nlayers:\n  code: {include: src/}\n'
LEAVES = "that leaves the workspace"


@pytest.fixture(autouse=True)
def outside(workspace: Path, tmp_path: Path) -> Path:
    """Have a layer to build, and a folder that nothing of it may reach."""
    (workspace / "src").mkdir()
    (workspace / "src/a.py").write_text("A = 1\n")
    (workspace / "layers.yml").write_text(MANIFEST)
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "file").write_text("as before\n")
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}


def names(workspace: Path) -> list[str]:
    with zipfile.ZipFile(workspace / "dist/layers/code.zip") as archive:
        return archive.namelist()


@pytest.mark.parametrize(
    "name",
    ["report.json", "report.md", "report.html", "code.zip", "code.layer.json", "layers.json"],
)
def test_a_committed_link_in_the_output_dir_is_replaced_and_not_followed(
    run: Run, workspace: Path, outside: Path, name: str
) -> None:
    (workspace / "dist/layers").mkdir(parents=True)
    link = workspace / "dist/layers" / name
    link.symlink_to(outside / "file")
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert contents(outside) == {"file": "as before\n"}
    assert not link.is_symlink()


@pytest.mark.parametrize("link", ["dist", "dist/layers"])
@pytest.mark.parametrize("command", ["plan", "build"])
def test_an_output_dir_behind_a_link_is_refused(
    run: Run, workspace: Path, outside: Path, link: str, command: str
) -> None:
    (workspace / link).parent.mkdir(exist_ok=True)
    (workspace / link).symlink_to(outside)
    done = run(command)
    assert done.returncode == 2, done.stderr
    assert f"error: output-dir dist/layers is a link, or in one, {LEAVES}\n" in done.stderr
    assert contents(outside) == {"file": "as before\n"}


def test_a_run_that_fails_early_writes_no_reports_there_either(
    run: Run, workspace: Path, outside: Path
) -> None:
    (workspace / "dist").symlink_to(outside)
    done = run(env={"INPUT_COMMAND": "dance", "GITHUB_WORKSPACE": str(workspace)})
    assert done.returncode == 2
    assert contents(outside) == {"file": "as before\n"}


def test_an_output_dir_is_not_the_checkouts_own(run: Run, workspace: Path) -> None:
    (workspace / ".git/hooks").mkdir(parents=True)
    (workspace / "dist").symlink_to(".git/hooks")
    assert run("build").returncode == 2
    assert list((workspace / ".git/hooks").iterdir()) == []


def test_an_output_dir_elsewhere_is_the_callers_word(
    run: Run, workspace: Path, outside: Path
) -> None:
    done = run("build", "--output-dir", str(outside / "layers"))
    assert done.returncode == 0, done.stderr
    assert (outside / "layers/code.zip").exists()
    assert not (workspace / "dist").exists()


def test_a_link_to_a_folder_of_the_workspace_is_an_output_dir(run: Run, workspace: Path) -> None:
    (workspace / "elsewhere").mkdir()
    (workspace / "dist").symlink_to("elsewhere")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert (workspace / "elsewhere/layers/code.zip").exists()


@pytest.mark.parametrize("link", ["layers.yml", "sub"])
def test_a_manifest_behind_a_link_is_refused(
    run: Run, workspace: Path, outside: Path, link: str
) -> None:
    (outside / "layers.yml").write_text(MANIFEST)
    (workspace / "layers.yml").unlink()
    target = outside / "layers.yml" if link == "layers.yml" else outside
    (workspace / link).symlink_to(target)
    asked = "layers.yml" if link == "layers.yml" else "sub/layers.yml"
    env = {"GITHUB_WORKSPACE": str(workspace)}
    done = run("build", "--manifest", asked, env=env)
    assert done.returncode == 2, done.stderr
    assert f"error: the manifest {asked} is a link, or in one, {LEAVES}\n" in done.stderr


def test_a_lock_behind_a_link_is_neither_read_nor_written(
    run: Run, workspace: Path, outside: Path
) -> None:
    (workspace / "layers.lock").symlink_to(outside / "file")
    done = run("build")
    assert done.returncode == 2
    assert f"layers.lock is a link {LEAVES}\n" in done.stderr
    assert run("lock", "--upgrade").returncode == 0
    assert contents(outside) == {"file": "as before\n"}
    assert not (workspace / "layers.lock").is_symlink()


def test_init_writes_behind_no_link(run: Run, workspace: Path, outside: Path) -> None:
    (workspace / "new.yml").symlink_to(outside / "new.yml")
    (workspace / "sub").symlink_to(outside)
    assert run("init", "new.yml").returncode == 2
    assert run("init", "sub/new.yml").returncode == 2
    assert contents(outside) == {"file": "as before\n"}


@pytest.mark.parametrize(
    ("links", "entry"),
    [
        ({"r.txt": "file"}, "requirements: r.txt"),
        ({"sub": ""}, "requirements: sub/file"),
        ({"nested.txt": "file"}, "requirements: with.txt"),
        ({"limits.txt": "file"}, "requirements: limited.txt"),
        ({"pylock.toml": "file"}, "requirements: pylock.toml"),
        ({"project": ""}, "project: {path: project}"),
        ({"uv.lock": "uv.lock"}, "project: {path: .}"),
        ({"pyproject.toml": "pyproject.toml"}, "project: {path: .}"),
    ],
)
def test_what_a_manifest_names_is_read_in_the_workspace_only(
    run: Run, workspace: Path, outside: Path, links: dict[str, str], entry: str
) -> None:
    (outside / "uv.lock").write_text('version = 1\nrequires-python = ">=3.12"\n')
    (outside / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\n')
    (workspace / "with.txt").write_text("-r nested.txt\n")
    (workspace / "limited.txt").write_text("-c limits.txt\nx\n")
    for name, target in links.items():
        (workspace / name).symlink_to(outside / target)
    (workspace / "layers.yml").write_text(MANIFEST.replace("include: src/", entry))
    done = run("plan")
    assert done.returncode == 2, done.stderr
    assert LEAVES in done.stderr


def test_index_settings_behind_a_link_are_not_used(
    run: Run, workspace: Path, outside: Path
) -> None:
    (outside / "uv.toml").write_text('index-url = "http://127.0.0.1:9/simple"\n')
    (workspace / "uv.toml").symlink_to(outside / "uv.toml")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert "warning: uv.toml: its index settings are not used: the link leaves" in done.stderr


@pytest.mark.parametrize(
    ("link", "target"),
    [
        ("notes.txt", "../.git/config"),
        ("data", "../.git"),
        ("data", "../.git/refs"),
        ("settings.txt", "../.env"),
        ("settings.txt", "../SERVER.KEY"),
        ("home", "../.ssh"),
        ("chain", "../chain"),
    ],
)
def test_a_link_does_not_give_a_secret_another_name(
    run: Run, workspace: Path, link: str, target: str
) -> None:
    (workspace / ".git/refs").mkdir(parents=True)
    (workspace / ".ssh").mkdir()
    for name in (".git/config", ".git/refs/head", ".env", "SERVER.KEY", ".ssh/anything"):
        (workspace / name).write_text("secret\n")
    (workspace / "chain").symlink_to(".git")
    (workspace / "src" / link).symlink_to(target)
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert names(workspace) == ["python/src/a.py"]
    assert f"src/{link}" in done.stderr


def test_pipes_and_devices_are_not_read(run: Run, workspace: Path) -> None:
    os.mkfifo(workspace / "pipe.yml")
    done = run("build", "--manifest", "pipe.yml")
    assert done.returncode == 2
    assert "pipe.yml cannot be read: is not a regular file\n" in done.stderr


@pytest.mark.parametrize(
    ("file", "entry", "said"),
    [
        ("layers.yml", None, "layers.yml cannot be read: is larger than 1.0 MiB\n"),
        ("r.txt", "requirements: r.txt", "layer code: r.txt is larger than 16.0 MiB\n"),
        ("layers.lock", "include: src/", "layers.lock cannot be read: is larger than 16.0 MiB\n"),
    ],
)
def test_huge_files_are_refused_unread(
    run: Run, workspace: Path, file: str, entry: str | None, said: str
) -> None:
    if entry:
        (workspace / "layers.yml").write_text(MANIFEST.replace("include: src/", entry))
    with (workspace / file).open("wb") as huge:
        huge.truncate(1_500_000_000)  # took 3.1 GB of memory
    done = run("build")
    assert done.returncode == 2
    assert said in done.stderr
