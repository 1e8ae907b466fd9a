"""One project of thirty distributions, locked by five tools: the same wheels, versions and hashes in the layer."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from layer_builder.projects import digests
from layer_builder.projects.locked import read_toml

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
MACHINE = os.uname().machine.replace("aarch64", "arm64")
MANIFEST = f"""\
version: 1
python: "{PYTHON}"
architecture: {MACHINE}
proof: off
layers:
  core: {{project: {{path: shop}}}}
"""
NAMES = [f"part-{number:02}" for number in range(29)]
ELSEWHERE, HERE = "only-before", "only-since"
MARKERS = {ELSEWHERE: "python_version < '3.10'", HERE: "python_version >= '3.10'"}
ASKED = ["part-00", *(f"{name}; {marker}" for name, marker in MARKERS.items())]
PYPROJECT = f"""\
[project]
name = "shop"
version = "1"
requires-python = ">=3.9"
dependencies = {json.dumps(ASKED)}
"""
PIPFILE = "".join(
    (
        '[[source]]\nname = "pypi"\nurl = "https://files.example/simple"\nverify_ssl = true\n',
        "[packages]\npart-00 = '*'\n",
        *(
            f'{name} = {{version = "*", markers = "{marker}"}}\n'
            for name, marker in MARKERS.items()
        ),
    )
)


@pytest.fixture
def wheels(add_wheel: Add) -> dict[str, Path]:
    """Put thirty distributions that require one another on the index, each in two versions."""
    found = {}
    for version in ("1.0", "2.0"):
        for place, name in enumerate(NAMES):
            following = NAMES[place + 1 : place + 2]
            files = {f"part_{place:02}.py": f"V = {version!r}\n"}
            found[f"{name} {version}"] = add_wheel(name, version, files, requires=following)
        for name in MARKERS:
            found[f"{name} {version}"] = add_wheel(
                name, version, {f"{name.replace('-', '_')}.py": ""}
            )
    return {name.split()[0]: path for name, path in found.items() if name.endswith("1.0")}


def digest(path: Path) -> str:
    return f"sha256:{sha256(path.read_bytes()).hexdigest()}"


def packages(wheels: Mapping[str, Path], more: str, marker: str) -> str:
    return "".join(
        f'[[package]]\nname = "{name}"\nversion = "1.0"\n{more}'
        + (f'{marker} = "{MARKERS[name]}"\n' if name in MARKERS else "")
        + f'files = [{{file = "{path.name}", hash = "{digest(path)}"}}]\n\n'
        for name, path in sorted(wheels.items())
    )


def of_poetry(wheels: Mapping[str, Path]) -> dict[str, str]:
    made = digests._digest(digests._of_poetry(read_toml(PYPROJECT), with_groups=True))  # noqa: SLF001 (a lock needs one)
    own = packages(
        wheels, 'optional = false\npython-versions = "*"\ngroups = ["main"]\n', "markers"
    )
    end = f'[metadata]\nlock-version = "2.1"\npython-versions = ">=3.9"\ncontent-hash = "{made}"\n'
    return {"poetry.lock": own + end, "pyproject.toml": PYPROJECT}


def of_pdm(wheels: Mapping[str, Path]) -> dict[str, str]:
    made = digests._digest(next(digests._of_pdm(read_toml(PYPROJECT))))  # noqa: SLF001 (a lock needs one)
    head = (
        '[metadata]\ngroups = ["default"]\nstrategy = ["inherit_metadata"]\nlock_version = "4.5.0"\n'
        f'content_hash = "sha256:{made}"\n\n'
    )
    return {
        "pdm.lock": head + packages(wheels, 'groups = ["default"]\n', "marker"),
        "pyproject.toml": PYPROJECT,
    }


def of_pipenv(wheels: Mapping[str, Path]) -> dict[str, str]:
    made = digests._of_pipfile(read_toml(PIPFILE), None, normalised=True)  # noqa: SLF001 (a lock needs one)
    lock = {
        "_meta": {
            "hash": {"sha256": digests._digest(made, separators=(",", ":"))},  # noqa: SLF001 (a lock needs one)
            "pipfile-spec": 6,
            "sources": read_toml(PIPFILE)["source"],
        },
        "default": {
            name: {"version": "==1.0", "hashes": [digest(path)]}
            | ({"markers": MARKERS[name]} if name in MARKERS else {})
            for name, path in wheels.items()
        },
    }
    return {"Pipfile.lock": json.dumps(lock), "Pipfile": PIPFILE}


def of_pylock(wheels: Mapping[str, Path]) -> dict[str, str]:
    rows = "".join(
        f'[[packages]]\nname = "{name}"\nversion = "1.0"\n'
        + (f'marker = "{MARKERS[name]}"\n' if name in MARKERS else "")
        + f'wheels = [{{name = "{path.name}", url = "https://files.example/{path.name}",'
        f' hashes = {{sha256 = "{digest(path)[7:]}"}}}}]\n'
        for name, path in wheels.items()
    )
    return {"pylock.toml": f'lock-version = "1.0"\ncreated-by = "tests"\n{rows}'}


def of_poetry_1(wheels: Mapping[str, Path]) -> dict[str, str]:
    """Write what Poetry 1.1 wrote: no groups, no markers, the files at the end."""
    project = "".join(
        (
            '[tool.poetry]\nname = "shop"\nversion = "1"\ndescription = ""\nauthors = []\n',
            '[tool.poetry.dependencies]\npython = "^3.9"\npart-00 = "*"\n',
            *(f'{n} = {{version = "*", markers = "{m}"}}\n' for n, m in MARKERS.items()),
        )
    )
    made = digests._digest(digests._of_poetry(read_toml(project), with_groups=True))  # noqa: SLF001 (a lock needs one)
    following = dict(pairwise(NAMES))
    rows = (
        f'[[package]]\nname = "{name}"\nversion = "1.0"\ndescription = ""\ncategory = "main"\n'
        'optional = false\npython-versions = "*"\n\n'
        + (f'[package.dependencies]\n{following[name]} = "*"\n\n' if name in following else "")
        for name in wheels
    )
    end = f'[metadata]\nlock-version = "1.1"\npython-versions = "^3.9"\ncontent-hash = "{made}"\n\n'
    files = (
        f'{name} = [\n    {{file = "{path.name}", hash = "{digest(path)}"}},\n]\n'
        for name, path in wheels.items()
    )
    lock = "".join((*rows, end, "[metadata.files]\n", *files))
    return {"poetry.lock": lock, "pyproject.toml": project}


@pytest.fixture
def of_uv(workspace: Path, environ: Mapping[str, str]) -> Callable[..., dict[str, str]]:
    """Have uv lock the project, held to the first versions."""

    def lock(wheels: Mapping[str, Path]) -> dict[str, str]:
        pins = json.dumps([f"{name}==1.0" for name in wheels])
        project = f"{PYPROJECT}[tool.uv]\nconstraint-dependencies = {pins}\n"
        (workspace / "shop/pyproject.toml").write_text(project)
        uv = Path(sys.executable).with_name("uv")
        subprocess.run([uv, "lock", "-q"], cwd=workspace / "shop", env=dict(environ), check=True)
        return {}

    return lock


MAKERS: dict[str, Callable[..., dict[str, str]]] = {
    "poetry": of_poetry,
    "poetry 1.1": of_poetry_1,
    "pdm": of_pdm,
    "pipenv": of_pipenv,
    "pylock": of_pylock,
}


@pytest.mark.parametrize("tool", [*MAKERS, "uv"])
def test_the_layer_holds_the_wheels_of_the_lock(
    run: Run,
    workspace: Path,
    wheels: Mapping[str, Path],
    of_uv: Callable[..., dict[str, str]],
    tool: str,
) -> None:
    folder = workspace / "shop"
    folder.mkdir()
    (workspace / "layers.yml").write_text(MANIFEST)
    for name, content in MAKERS.get(tool, of_uv)(wheels).items():
        (folder / name).write_text(content)
    assert run("lock").returncode == 0
    done = run("build")
    assert done.returncode == 0, done.stderr
    (layer,) = json.loads((workspace / "dist/layers/report.json").read_text())["layers"]
    expected = {name: "1.0" for name in wheels if name != ELSEWHERE}
    assert len(expected) == 30
    assert {one["name"]: one["version"] for one in layer["packages"]} == expected
    pins = read_toml((workspace / "layers.lock").read_text())["layers"]
    (locked,) = pins.values()  # type: ignore[attr-defined]  # a table
    assert locked["pins"] == [
        f"{name}==1.0 --hash={digest(wheels[name])}" for name in sorted(expected)
    ]
    if tool == "poetry":
        _refuse_another_file(run, workspace, wheels["part-07"])


def _refuse_another_file(run: Run, workspace: Path, path: Path) -> None:
    """Have the index serve another file by the locked name."""
    (workspace / "layers.lock").unlink()
    lock = workspace / "shop/poetry.lock"
    lock.write_text(lock.read_text().replace(digest(path), f"sha256:{'0' * 64}"))
    done = run("build")
    assert done.returncode == 3
    assert "part-07==1.0: the index has no file with the hash in the requirements" in done.stderr


@pytest.mark.parametrize(
    "told",
    [
        ("poetry", "poetry.lock"),
        ("pdm", "pdm.lock"),
        ("pipenv", "Pipfile.lock"),
        ("uv", "uv.lock"),
    ],
)
def test_a_stale_or_malformed_lock_is_told_at_its_line(
    run: Run,
    workspace: Path,
    wheels: Mapping[str, Path],
    of_uv: Callable[..., dict[str, str]],
    told: tuple[str, str],
) -> None:
    tool, lock = told
    folder = workspace / "shop"
    folder.mkdir()
    (workspace / "layers.yml").write_text(MANIFEST)
    for name, content in MAKERS.get(tool, of_uv)(wheels).items():
        (folder / name).write_text(content)
    source = "Pipfile" if tool == "pipenv" else "pyproject.toml"
    made = (folder / source).read_text()
    (folder / source).write_text(made.replace("part-00", "part-01", 1))
    done = run("build")
    assert done.returncode == 2, done.stderr
    said = rf"layers\.yml:6:19: layer core: project: shop/{lock} is out of date"
    assert re.search(said, done.stderr), done.stderr
    assert f"→ `{tool} lock` renews it" in done.stderr
    (folder / source).write_text(made)
    (folder / lock).write_text((folder / lock).read_text()[:-20])
    done = run("build")
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("error: ") == 1
    assert f"layer core: project: shop/{lock}: " in done.stderr
