"""The lock beside the manifest, and other people's locks: chosen once, built from ever after."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest
import uv

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]
Serve: TypeAlias = Callable[..., str]

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
MACHINE = os.uname().machine.replace("aarch64", "arm64")
LABEL = f"{PYTHON}-{MACHINE}"
HEAD = f'version: 1\npython: "{PYTHON}"\narchitecture: {MACHINE}\nproof: off\n'
PROJECT = f"""\
[project]
name = "shop"
version = "1"
requires-python = ">={PYTHON}"
dependencies = ["app"]
[project.optional-dependencies]
more = ["extra"]
[dependency-groups]
core = ["base<1.1"]
all = [{{include-group = "core"}}, "app"]
"""


@pytest.fixture(autouse=True)
def _shelf(add_wheel: Add) -> None:
    for version in ("1.0", "1.1"):
        add_wheel("base", version, {"base.py": f"V = '{version}'\n"})
    add_wheel("app", "1.0", {"app.py": ""}, requires=["base"])
    add_wheel("extra", "1.0", {"extra.py": ""})


def write(workspace: Path, asked: str = "packages: [app]", more: str = "") -> None:
    (workspace / "layers.yml").write_text(f"{HEAD}layers:\n  core: {{{asked}}}\n{more}")


def versions(workspace: Path, key: str = "core") -> dict[str, str]:
    read = json.loads((workspace / "dist/layers/report.json").read_text())["layers"]
    (layer,) = (layer for layer in read if layer["key"] == key)
    return {package["name"]: package["version"] for package in layer["packages"]}


def digest(wheel: Path) -> str:
    return f"sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"


def test_a_lock_holds_each_layers_pins_and_no_address(
    run: Run, workspace: Path, index: str, tmp_path: Path
) -> None:
    (workspace / "core.txt").write_text(f"--index-url {index}/simple\napp\n")
    write(workspace, "requirements: core.txt")
    done = run("lock", env={"UV_DEFAULT_INDEX": None})
    assert (done.returncode, done.stdout) == (0, "layers.lock\n"), done.stderr
    assert f"core {LABEL}: 2 distributions\n" in done.stderr
    text = (workspace / "layers.lock").read_text()
    base = digest(tmp_path / "index/base-1.1-py3-none-any.whl")
    app = digest(tmp_path / "index/app-1.0-py3-none-any.whl")
    assert tomllib.loads(text) == {
        "version": 1,
        "layers": {
            f"core {LABEL}": {
                "asked": ["app"],
                "pins": [f"app==1.0 --hash={app}", f"base==1.1 --hash={base}"],
            }
        },
    }
    assert not re.search(r"://|127\.0\.0\.1|localhost", text)


@pytest.fixture
def asked_for(index: str, serve: Serve) -> tuple[str, list[str]]:
    """Stand before the index; gives the address, and the list of what was asked for."""
    paths: list[str] = []

    def answer(
        request: tuple[str, str, Mapping[str, str], bytes],
    ) -> tuple[int, Mapping[str, str], bytes]:
        paths.append(request[1])
        try:
            with urllib.request.urlopen(index + request[1]) as answered:
                kind = answered.headers["Content-Type"]
                headers = {"Content-Type": kind, "Cache-Control": "max-age=600"}  # as indexes do
                return answered.status, headers, answered.read()
        except urllib.error.HTTPError as error:
            return error.code, {}, b""

    return serve(answer), paths


def test_a_locked_build_asks_a_warm_index_for_nothing(
    run: Run, workspace: Path, asked_for: tuple[str, list[str]]
) -> None:
    address, paths = asked_for
    env = {"UV_DEFAULT_INDEX": f"{address}/simple"}
    write(workspace)
    assert run("lock", env=env).returncode == 0
    assert run("build", env=env).returncode == 0
    assert any("/simple/base/" in path for path in paths)
    paths.clear()
    for file in (workspace / "dist/layers").iterdir():
        file.unlink()
    done = run("build", env=env)
    assert done.returncode == 0, done.stderr
    assert paths == []
    assert versions(workspace) == {"app": "1.0", "base": "1.1"}


def test_a_build_holds_to_the_lock_when_the_index_has_newer_versions(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    write(workspace)
    run("lock")
    add_wheel("base", "1.2", {"base.py": ""})
    done = run("build", env={"UV_CACHE_DIR": str(workspace / "other")})
    assert done.returncode == 0, done.stderr
    assert versions(workspace) == {"app": "1.0", "base": "1.1"}


@pytest.mark.parametrize("command", ["plan", "build", "publish"])
def test_requirements_that_moved_away_from_the_lock_are_shown_as_a_diff(
    run: Run, workspace: Path, command: str
) -> None:
    write(workspace, 'packages: [app, "base<1.1"]')
    run("lock")
    write(workspace, "packages: [app, extra]")
    done = run(command)
    assert done.returncode == 3
    assert (
        "layers.yml:6:3: layer core: its requirements are no longer what layers.lock was made from"
        "\n    - base<1.1\n    + extra\n  → `layer-builder lock` brings the lock up to date\n"
    ) in done.stderr


def test_a_new_layer_and_a_new_target_are_not_in_the_lock(run: Run, workspace: Path) -> None:
    write(workspace)
    run("lock")
    write(workspace, more="  new: {packages: [extra]}\n")
    done = run("build")
    assert done.returncode == 3
    assert "layers.yml:7:3: layer new: its requirements are no longer" in done.stderr
    other = "3.12" if PYTHON != "3.12" else "3.13"
    write(workspace, f'packages: [app], python: "{other}"')
    assert run("build").returncode == 3


def test_layers_that_were_locked_apart_are_not_loaded_together(run: Run, workspace: Path) -> None:
    more = '  old: {packages: ["base<1.1"]}\n'
    write(workspace, more=more)
    assert run("lock").returncode == 0
    assert run("build").returncode == 0
    write(workspace, more=more + "functions: {f: {layers: [core, old]}}\n")
    done = run("build")
    assert done.returncode == 3, done.stderr
    assert "    base: 1.1 in core, 1.0 in old\n" in done.stderr
    assert run("lock").returncode == 0
    assert run("build").returncode == 0
    assert versions(workspace)["base"] == versions(workspace, "old")["base"] == "1.0"


def test_a_lock_keeps_its_versions_until_they_are_upgraded(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    write(workspace, "packages: [app, extra]")
    run("lock")
    before = (workspace / "layers.lock").read_text()
    add_wheel("base", "1.2", {"base.py": ""})
    add_wheel("extra", "1.1", {"extra.py": ""})
    again = run("lock")
    assert again.returncode == 0
    assert f"core {LABEL}: no change\n" in again.stderr
    assert (workspace / "layers.lock").read_text() == before

    unknown = run("lock", "--upgrade-package", "extar")
    assert unknown.returncode == 2
    said = "error: --upgrade-package extar: no layer has it, and layers.lock stays as it was\n"
    assert f"{said}  → did you mean 'extra'?\n" in unknown.stderr
    assert (workspace / "layers.lock").read_text() == before

    one = run("lock", "--upgrade-package", "Extra")
    assert f"core {LABEL}: extra 1.0 → 1.1\n" in one.stderr
    everything = run("lock", "--upgrade")
    assert f"core {LABEL}: 3 distributions\n" in everything.stderr
    assert '"base==1.2 ' in (workspace / "layers.lock").read_text()


def test_a_lock_lets_go_of_a_version_that_the_requirements_exclude(
    run: Run, workspace: Path
) -> None:
    write(workspace)
    run("lock")
    write(workspace, 'packages: [app, "base<1.1"]')
    done = run("lock")
    assert f"core {LABEL}: base 1.1 → 1.0\n" in done.stderr
    assert run("build").returncode == 0


def test_a_published_layer_is_what_the_lock_says_not_what_an_earlier_build_left(
    run: Run, workspace: Path
) -> None:
    write(workspace)
    run("build")
    assert versions(workspace) == {"app": "1.0", "base": "1.1"}
    text = (
        f'version = 1\n[layers."core {LABEL}"]\nasked = ["app"]\npins = ["app==1.0 --hash={{}}",'
        ' "base==1.0 --hash={}"]\n'
    )
    files = (
        workspace.parent / "index" / f"{name}-1.0-py3-none-any.whl" for name in ("app", "base")
    )
    (workspace / "layers.lock").write_text(text.format(*map(digest, files)))
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert versions(workspace) == {"app": "1.0", "base": "1.0"}


def test_what_a_build_left_is_built_from_the_lock_again_and_is_the_same(
    run: Run, workspace: Path
) -> None:
    write(workspace)
    run("lock")
    run("build")
    done = run("publish", env={"UV_OFFLINE": "1"})
    assert done.returncode == 0, done.stderr
    assert "core: core.zip lay there already, with the same bytes\n" in done.stderr


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"<<<<<<< HEAD\n", "the lock cannot be read: "),
        (b"version = 1\nlayers = []\n", "the lock cannot be read: "),
        (b"version = 1\n[layers.core]\npins = []\n", "the lock cannot be read: 'asked'"),
        (b"version = 2\n", "the lock has format 2; this program reads 1"),
        (b"", "the lock has format None; this program reads 1"),
        (b"\xff\xfe", "layers.lock cannot be read: "),
    ],
)
def test_a_broken_lock_is_told_and_never_passed_over(
    run: Run, workspace: Path, content: bytes, said: str
) -> None:
    write(workspace)
    (workspace / "layers.lock").write_bytes(content)
    done = run("build")
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "layers.lock" in done.stderr


def test_a_wrong_pin_in_the_lock_is_never_installed(run: Run, workspace: Path) -> None:
    write(workspace)
    run("lock")
    lock = workspace / "layers.lock"
    lock.write_text(re.sub(r"sha256:[0-9a-f]{64}", "sha256:" + "0" * 64, lock.read_text()))
    done = run("build")
    assert done.returncode == 3
    assert f"uv could not install for {LABEL}" in done.stderr


@pytest.mark.parametrize(
    ("pins", "said"),
    [
        (("app==1.0", "base==1.1", "evil==1.0"), "evil==1.0 is pinned, and nothing requires it"),
        (("app==1.0",), "base is required by app, and not pinned"),
        (
            ("app==1.0", "base==0.9"),
            "the versions in layers.lock do not do for its requirements",
        ),
    ],
)
def test_a_lock_pins_what_is_asked_for_and_nothing_else(
    run: Run, workspace: Path, add_wheel: Add, pins: tuple[str, ...], said: str
) -> None:
    touched = workspace / "touched"
    add_wheel("evil", "1.0", {"evil.py": f"open({str(touched)!r}, 'w')"})
    add_wheel("base", "0.9", {"base.py": ""})
    add_wheel("app", "1.0", {"app.py": ""}, requires=["base>=1"])
    index = workspace.parent / "index"
    hashes = [digest(index / f"{pin.replace('==', '-')}-py3-none-any.whl") for pin in pins]
    rows = [f'"{pin} --hash={h}"' for pin, h in zip(pins, hashes, strict=True)]
    write(workspace)
    (workspace / "layers.lock").write_text(
        f'version = 1\n[layers."core {LABEL}"]\nasked = ["app"]\npins = [{", ".join(rows)}]\n'
    )
    done = run("build")
    assert done.returncode == 3, done.stderr
    assert said in done.stderr
    assert "`layer-builder lock` brings the lock up to date" in done.stderr
    assert not (workspace / "dist/layers/core.zip").exists()


def test_layers_that_require_one_another_are_locked_and_built_with_extras_across(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("more", "1.0", {"more.py": ""})
    add_wheel(
        "app", "1.0", {"app.py": ""},
        requires=["base", "more; extra == 'all'"], extras=["all"],
    )  # fmt: skip
    (workspace / "layers.yml").write_text(
        f"{HEAD}layers:\n  low: {{packages: [app]}}\n"
        "  top: {packages: ['app[all]'], requires: [low]}\n"
    )
    assert run("lock").returncode == 0
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert versions(workspace, "top") == {"more": "1.0"}


# Hashes in requirements


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("base==1.0 --hash={base}\n", None),
        ("base==1.0 --hash={extra} --hash={base}\n", None),
        ("base==1.0 --hash={extra}\n", "base==1.0: the index has no file with the hash"),
        ("app==1.0 --hash={app}\nbase==1.0\n", "base==1.0 has no --hash in the requirements"),
        ("app==1.0 --hash={app}\n", "base==1.1 has no --hash in the requirements"),
    ],
)
@pytest.mark.parametrize("command", ["build", "lock"])
def test_one_hash_means_that_all_need_one_and_all_are_right(  # noqa: PLR0913, PLR0917 (a table's columns)
    run: Run, workspace: Path, tmp_path: Path, command: str, lines: str, said: str | None
) -> None:
    files = {
        name: tmp_path / f"index/{name}-1.0-py3-none-any.whl" for name in ("app", "base", "extra")
    }
    hashes = {name: digest(file) for name, file in files.items()}
    (workspace / "core.txt").write_text(lines.format(**hashes))
    write(workspace, "requirements: core.txt")
    done = run(command)
    assert done.returncode == (3 if said else 0), done.stderr
    if said:
        assert f"    {said}" in done.stderr


def test_a_hash_that_changes_after_the_lock_was_made_is_noticed(
    run: Run, workspace: Path, tmp_path: Path
) -> None:
    right = digest(tmp_path / "index/base-1.0-py3-none-any.whl")
    (workspace / "core.txt").write_text(f"base==1.0 --hash={right}\n")
    write(workspace, "requirements: core.txt")
    run("lock")
    assert run("build").returncode == 0
    (workspace / "core.txt").write_text(f"base==1.0 --hash=sha256:{'0' * 64}\n")
    done = run("build")
    assert done.returncode == 3
    assert "    ~ base==1.0: other hashes\n" in done.stderr


# Other people's locks


@pytest.fixture
def make(workspace: Path, index: str, tmp_path: Path) -> Callable[..., CompletedProcess[str]]:
    """Run uv in the workspace, as the owner of a project would."""
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path / "home"),
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
        "UV_DEFAULT_INDEX": f"{index}/simple",
    }

    def start(*arguments: str) -> CompletedProcess[str]:
        return subprocess.run(
            [uv.find_uv_bin(), *arguments, "--quiet", "--python", sys.executable],
            cwd=workspace, env=environ, capture_output=True, text=True, check=True,
        )  # fmt: skip

    return start


def test_a_pylock_is_built_as_it_is(run: Run, workspace: Path, make: Run, add_wheel: Add) -> None:
    (workspace / "asked.in").write_text("app\n")
    make("pip", "compile", "asked.in", "-o", "pylock.core.toml")
    add_wheel("base", "1.2", {"base.py": ""})
    write(workspace, "requirements: pylock.core.toml")
    done = run("build", env={"UV_CACHE_DIR": str(workspace / "cold")})
    assert done.returncode == 0, done.stderr
    assert versions(workspace) == {"app": "1.0", "base": "1.1"}
    lock = workspace / "pylock.core.toml"
    lock.write_text(re.sub(r'sha256 = "[0-9a-f]{64}"', f'sha256 = "{"0" * 64}"', lock.read_text()))
    assert run("build").returncode == 3


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("{path: shop}", {"app": "1.0", "base": "1.0"}),
        ("{path: shop, extras: more}", {"app": "1.0", "base": "1.0", "extra": "1.0"}),
        ("{path: shop, groups: core}", {"base": "1.0"}),
        ("{path: shop, groups: [all]}", {"app": "1.0", "base": "1.0"}),
    ],
)
@pytest.mark.parametrize("locked", [True, False])
def test_a_project_gives_its_groups_and_extras(  # noqa: PLR0913 (a table's columns)
    run: Run,
    workspace: Path,
    make: Run,
    entry: str,
    expected: Mapping[str, str],
    *,
    locked: bool,
) -> None:
    (workspace / "shop").mkdir()
    (workspace / "shop/pyproject.toml").write_text(PROJECT)
    write(workspace, f"project: {entry}")
    if locked:
        make("lock", "--project", "shop")
    done = run("build")
    assert done.returncode == 0, done.stderr
    # uv resolves all groups of a lock together; without one, a group stands for itself.
    apart = {"base": "1.1"} if not locked and "groups" not in entry else {}
    assert versions(workspace) == {**expected, **apart}


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("{path: shop, groups: none}", "none"),
        ("{path: shop, extras: none}", "none"),
        ("{path: elsewhere}", "elsewhere"),
    ],
)
@pytest.mark.parametrize("locked", [True, False])
def test_a_group_that_is_not_there_is_named_with_its_place(  # noqa: PLR0913 (a table's columns)
    run: Run, workspace: Path, make: Run, entry: str, said: str, *, locked: bool
) -> None:
    (workspace / "shop").mkdir()
    (workspace / "shop/pyproject.toml").write_text(PROJECT)
    write(workspace, f"project: {entry}")
    if locked:
        make("lock", "--project", "shop")
    done = run("build")
    assert done.returncode == 2, done.stderr
    assert "layers.yml:6:" in done.stderr
    assert said in done.stderr
