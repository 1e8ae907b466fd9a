"""What locks take from the workspace, from repositories and from URLs: as they say, in the layer."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from layer_builder.projects import digests
from layer_builder.projects.locked import read_toml

from .projects import commit, repositories, write_project

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

WANTED = {"common.py", "shared.py", "away.py", "six.py"}
MANIFEST = """\
version: 1
python: "3.12"
proof: off
prune: off
build: [shared]
layers:
  deps: {project: {path: shop}}
"""


class Shop:
    """A project with a local one, a commit, a URL and a distribution of the index."""

    def __init__(
        self, workspace: Path, tmp_path: Path, serve: Callable[..., str], index: str
    ) -> None:
        self.folder = workspace / "shop"
        self.folder.mkdir()
        self.six = tmp_path / "index/six-1.0-py3-none-any.whl"
        away = tmp_path / "index/away-2.0-py3-none-any.whl"
        self.away, self.away_url = digest(away), f"{index}/files/{away.name}"
        self.common = write_project(workspace / "libs/common", "common", {"common.py": "C = 1\n"},
                                    requires=["six"])  # fmt: skip
        folder = write_project(tmp_path / "repositories/shared/sub", "shared", {"shared.py": ""})
        self.commit = commit(folder.parent)
        self.url = f"{serve(repositories(folder.parents[1]), knows=False)}/shared/.git"

    def write(self, files: Mapping[str, str]) -> None:
        """Put files beside its lock."""
        for name, content in files.items():
            (self.folder / name).write_text(content)


def digest(path: Path) -> str:
    return f"sha256:{sha256(path.read_bytes()).hexdigest()}"


@pytest.fixture
def shop(
    workspace: Path, tmp_path: Path, serve: Callable[..., str], index: str, add_wheel: Add
) -> Shop:
    add_wheel("six", "1.0", {"six.py": "S = 1\n"})
    add_wheel("away", "2.0", {"away.py": ""})
    made = Shop(workspace, tmp_path, serve, index)
    add_wheel("six", "2.0", {"six.py": "S = 2\n"})
    add_wheel("common", "9.0", {"stranger.py": ""})
    (workspace / "layers.yml").write_text(MANIFEST)
    return made


PYPROJECT = (
    '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = {}\n'
)


def of_poetry(shop: Shop) -> dict[str, str]:
    project = PYPROJECT.format("[]")
    made = digests._digest(digests._of_poetry(read_toml(project), with_groups=True))  # noqa: SLF001 (a lock needs one)

    def package(name: str, version: str, files: str, source: str) -> str:
        return (
            f'[[package]]\nname = "{name}"\nversion = "{version}"\noptional = false\n'
            f'python-versions = "*"\ngroups = ["main"]\nfiles = [{files}]\n{source}\n'
        )

    parts = (
        package("six", "1.0", f'{{file = "{shop.six.name}", hash = "{digest(shop.six)}"}}', ""),
        package("common", "1.0", "", '[package.source]\ntype = "directory"\nurl = "../libs/common"'),
        package("shared", "1.0", "", f'[package.source]\ntype = "git"\nurl = "{shop.url}"\nreference = "main"\n'
                f'resolved_reference = "{shop.commit}"\nsubdirectory = "sub"'),
        package("away", "2.0", f'{{file = "away.whl", hash = "{shop.away}"}}',
                f'[package.source]\ntype = "url"\nurl = "{shop.away_url}"'),
    )  # fmt: skip
    end = f'[metadata]\nlock-version = "2.1"\npython-versions = ">=3.11"\ncontent-hash = "{made}"\n'
    return {"pyproject.toml": project, "poetry.lock": "".join(parts) + end}


def of_pdm(shop: Shop) -> dict[str, str]:
    project = PYPROJECT.format("[]")
    made = digests._digest(next(digests._of_pdm(read_toml(project))))  # noqa: SLF001 (a lock needs one)
    head = (
        '[metadata]\ngroups = ["default"]\nstrategy = ["inherit_metadata"]\nlock_version = "4.5.0"\n'
        f'content_hash = "sha256:{made}"\n\n'
    )
    rows = (
        f'name = "six"\nversion = "1.0"\nfiles = [{{file = "x", hash = "{digest(shop.six)}"}}]\n',
        'name = "common"\nversion = "1.0"\npath = "../libs/common"\neditable = true\n',
        f'name = "shared"\nversion = "1.0"\ngit = "{shop.url}"\nref = "main"\nrevision = "{shop.commit}"\n'
        'subdirectory = "sub"\n',
        f'name = "away"\nversion = "2.0"\nurl = "{shop.away_url}"\n'
        f'files = [{{url = "{shop.away_url}", hash = "{shop.away}"}}]\n',
    )
    packages = "".join(f'[[package]]\ngroups = ["default"]\n{row}\n' for row in rows)
    return {"pyproject.toml": project, "pdm.lock": head + packages}


def of_pipenv(shop: Shop) -> dict[str, str]:
    pipfile = "[packages]\n"
    made = digests._of_pipfile(read_toml(pipfile), None, normalised=True)  # noqa: SLF001 (a lock needs one)
    lock = {
        "_meta": {
            "pipfile-spec": 6,
            "hash": {"sha256": digests._digest(made, separators=(",", ":"))},  # noqa: SLF001 (a lock needs one)
        },
        "default": {
            "six": {"version": "==1.0", "hashes": [digest(shop.six)]},
            "common": {"path": "../libs/common", "editable": True},
            "shared": {"git": shop.url, "ref": shop.commit, "subdirectory": "sub"},
            "away": {"file": shop.away_url, "hashes": [shop.away]},
        },
    }
    return {"Pipfile": pipfile, "Pipfile.lock": json.dumps(lock)}


def of_pylock(shop: Shop) -> dict[str, str]:
    return {
        "pylock.toml": 'lock-version = "1.0"\ncreated-by = "tests"\n'
        f'[[packages]]\nname = "six"\nversion = "1.0"\nwheels = [{{name = "{shop.six.name}",'
        f' url = "https://files.example/{shop.six.name}", hashes = {{sha256 = "{digest(shop.six)[7:]}"}}}}]\n'
        '[[packages]]\nname = "common"\ndirectory = {path = "../libs/common", editable = true}\n'
        f'[[packages]]\nname = "shared"\nvcs = {{type = "git", url = "{shop.url}",'
        f' commit-id = "{shop.commit}", subdirectory = "sub"}}\n'
        f'[[packages]]\nname = "away"\narchive = {{url = "{shop.away_url}",'
        f' hashes = {{sha256 = "{shop.away[7:]}"}}}}\n'
    }


@pytest.fixture
def of_uv(environ: Mapping[str, str]) -> Callable[[Shop], dict[str, str]]:
    """Have uv lock it."""

    def lock(shop: Shop) -> dict[str, str]:
        sources = (
            '[tool.uv.sources]\ncommon = {path = "../libs/common", editable = true}\n'
            f'shared = {{git = "{shop.url}", rev = "{shop.commit}", subdirectory = "sub"}}\n'
            f'away = {{url = "{shop.away_url}"}}\n[tool.uv]\nconstraint-dependencies = ["six<2"]\n'
        )
        asked = PYPROJECT.format('["common", "shared", "away"]')
        shop.write({"pyproject.toml": asked + sources})
        uv = str(Path(sys.executable).with_name("uv"))
        words = [uv, "lock", "-q", "--python", sys.executable]
        subprocess.run(words, cwd=shop.folder, env=dict(environ), check=True)
        return {}

    return lock


MAKERS: dict[str, Callable[[Shop], dict[str, str]]] = {
    "poetry": of_poetry, "pdm": of_pdm, "pipenv": of_pipenv, "pylock": of_pylock,
}  # fmt: skip


@pytest.mark.parametrize("tool", [*MAKERS, "uv"])
def test_what_a_lock_takes_from_elsewhere_is_in_the_layer(
    run: Run, workspace: Path, shop: Shop, of_uv: Callable[[Shop], dict[str, str]], tool: str
) -> None:
    shop.write(MAKERS.get(tool, of_uv)(shop))
    done = run("build")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(workspace / "dist/layers/deps.zip") as archive:
        files = {name.removeprefix("python/"): archive.read(name) for name in archive.namelist()}
    assert {name for name in files if "/" not in name} == WANTED
    assert files["six.py"] == b"S = 1\n"
    # The sources of a local project are no part of a lock, and count all the same, before anything runs.
    (layer,) = json.loads((workspace / "dist/layers/report.json").read_text())["layers"]
    take = (
        "publish",
        "--dry-run",
        "--build",
        "never",
        "--digests",
        json.dumps({"deps": layer["sha256"]}),
    )
    done = run(*take)
    assert done.returncode == 0, done.stderr
    (shop.common / "src/common.py").write_text("C = 2\n")
    done = run(*take)
    assert done.returncode == 2, done.stderr
    assert "a file they name changed since deps.zip was built" in done.stderr


def test_a_member_of_uvs_workspace_is_in_the_layer(
    run: Run, workspace: Path, environ: Mapping[str, str], add_wheel: Add
) -> None:
    add_wheel("six", "1.0", {"six.py": ""})
    write_project(workspace / "libs/common", "common", {"common.py": ""}, requires=["six"])
    write_project(workspace / "libs/unused", "unused", {"unused.py": ""})
    (workspace / "pyproject.toml").write_text(
        PYPROJECT.format('["common"]') + '[tool.uv.workspace]\nmembers = ["libs/*"]\n'
        "[tool.uv.sources]\ncommon = {workspace = true}\n"
    )
    uv = str(Path(sys.executable).with_name("uv"))
    words = [uv, "lock", "-q", "--python", sys.executable]
    subprocess.run(words, cwd=workspace, env=dict(environ), check=True)
    (workspace / "layers.yml").write_text(MANIFEST.replace("shop", "."))
    done = run("build")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(workspace / "dist/layers/deps.zip") as archive:
        names = {name.removeprefix("python/") for name in archive.namelist()}
    assert {name for name in names if "/" not in name} == {"common.py", "six.py"}
