"""What is asked of uv and what it leaves behind, with an index of made-up wheels."""

import base64
import csv
import hashlib
import io
import os
import platform
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from layer_builder.archive import sha256_of
from layer_builder.errors import InstallError, LimitError
from layer_builder.model.limits import MIB
from layer_builder.model.resolution import Pin, Resolution
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.resolve import bounded, index_settings
from layer_builder.resolve.uv import Uv
from layer_builder.sources.requirements import Requirements
from layer_builder.wheels import Wheels

from . import sdists

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

TARGET = Target(python=Python.PY312, architecture=Architecture.X86_64)
DEMO = Requirements(lines=("demo",), names=frozenset({"demo"}))


def ask_for(workspace: Path, *packages: str, python: str = "3.12", more: str = "") -> None:
    """Write a manifest with one layer `demo`."""
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{python}"\n'
        f"layers:\n  demo: {{packages: [{', '.join(packages)}]{more}}}\n"
    )


def layer(workspace: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(workspace / "dist/layers/demo.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def uv(tmp_path: Path, index: str, **more: str) -> Uv:
    environ = {"UV_DEFAULT_INDEX": f"{index}/simple", "UV_CACHE_DIR": str(tmp_path / "uv-cache")}
    of_uv = index_settings.index_environment(environ | {"PATH": os.environ["PATH"]} | more, {})
    return Uv(environ=of_uv, wheels=Wheels.around(of_uv, {"HOME": str(tmp_path / "home")}))


@pytest.fixture
def add_sdist(tmp_path: Path, index: str) -> Callable[..., Path]:
    """Put an sdist on the index."""
    assert index
    return partial(sdists.add_sdist, tmp_path / "index")


@pytest.mark.parametrize(
    ("python", "architecture", "tag"),
    [
        ("3.10", "x86_64", "cp310-cp310-manylinux_2_17_x86_64"),
        ("3.12", "arm64", "cp312-cp312-manylinux_2_28_aarch64"),
        ("3.14", "x86_64", "cp314-cp314-manylinux_2_34_x86_64"),
        ("3.14", "arm64", "cp314-cp314-manylinux_2_34_aarch64"),
    ],
)
def test_a_layer_gets_the_wheels_of_its_target_not_of_this_machine(  # noqa: PLR0913, PLR0917 (the table's columns)
    run: Run, workspace: Path, add_wheel: Add, python: str, architecture: str, tag: str
) -> None:
    pythons = {"cp310": "2_17", "cp311": "2_17", "cp312": "2_28", "cp314": "2_34"}
    for cpython, manylinux in pythons.items():
        for machine in ("x86_64", "aarch64"):
            each = f"{cpython}-{cpython}-manylinux_{manylinux}_{machine}"
            add_wheel("demo", "1.0", {"demo.py": f"TAG = '{each}'\n"}, tag=each)
    ask_for(workspace, "demo", python=python, more=f", architecture: {architecture}")
    done = run("build")
    assert done.returncode == 0, done.stderr
    assert layer(workspace)["python/demo.py"] == f"TAG = '{tag}'\n".encode()


def test_the_lock_has_the_hash_of_each_file(tmp_path: Path, index: str, add_wheel: Add) -> None:
    wheel = add_wheel("demo", "1.0", {"demo.py": ""}, requires=["helper"])
    helper = add_wheel("helper", "2.0", {"helper.py": ""})
    lock = uv(tmp_path, index).resolve(DEMO, TARGET).text
    digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in (wheel, helper)]
    assert lock == (
        f"demo==1.0 --hash=sha256:{digests[0]}\nhelper==2.0 --hash=sha256:{digests[1]}\n"
    )


def test_a_file_that_changed_on_the_index_since_is_refused(
    tmp_path: Path, index: str, add_wheel: Add
) -> None:
    add_wheel("demo", "1.0", {"demo.py": ""})
    resolution = uv(tmp_path, index).resolve(DEMO, TARGET)
    add_wheel("demo", "1.0", {"demo.py": "evil = True\n"})
    into = tmp_path / "tree"
    later = uv(tmp_path, index, UV_CACHE_DIR=str(tmp_path / "later"))
    with pytest.raises(InstallError, match=r"uv could not install for 3\.12-x86_64") as caught:
        later.install(resolution, DEMO, TARGET, into)
    assert "Hash mismatch" in "\n".join(caught.value.problems[0].details)
    assert not (into / "demo.py").exists()


@pytest.fixture(params=["venv", "a path with blanks"])
def python(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give an interpreter; uv wraps scripts in sh when its path has blanks."""
    if request.param == "venv":
        return sys.executable
    link = tmp_path / request.param
    link.symlink_to(Path(sys.executable).parent.parent, target_is_directory=True)
    return str(link / "bin" / Path(sys.executable).name)


@pytest.mark.parametrize("prune", ["off", "safe", "aggressive"])
def test_nothing_in_a_layer_tells_of_the_machine_that_built_it(  # noqa: PLR0913, PLR0917 (the table's columns)
    run: Run, workspace: Path, tmp_path: Path, add_wheel: Add, prune: str, python: str
) -> None:
    add_wheel(
        "demo", "1.0",
        {
            "demo/__init__.py": "def main(): ...\n",
            "demo/tests/test_demo.py": "assert True\n",
            "demo-1.0.data/scripts/tool": "#!python\nprint('tool')\n",
        },
        scripts={"demo-run": "demo:main"},
    )  # fmt: skip
    ask_for(workspace, "demo", more=f", prune: {prune}")
    done = run("build", python=python)
    assert done.returncode == 0, done.stderr
    contents = layer(workspace)
    places = {sys.prefix, sys.base_prefix, str(Path(python).parent), str(tmp_path)}
    told = {
        (name, place)
        for name, content in contents.items()
        for place in places
        if place.encode() in content
    }
    assert told == set()
    firsts = {content.split(b"\n")[0] for content in contents.values() if content[:2] == b"#!"}
    assert firsts == ({b"#!/var/lang/bin/python3.12"} if prune == "off" else set())
    assert ("python/bin/demo-run" in contents) is (prune == "off")
    left_by_installers = (".lock", "INSTALLER", "REQUESTED", "direct_url.json", "__pycache__")
    assert [name for name in contents if set(left_by_installers) & set(name.split("/"))] == []


@pytest.mark.parametrize("prune", ["off", "safe"])
def test_record_is_true_to_the_files_that_are_there(
    run: Run, workspace: Path, add_wheel: Add, prune: str
) -> None:
    add_wheel(
        "demo", "1.0",
        {
            "demo/__init__.py": "def main(): ...\n",
            "demo/tests/test_demo.py": "assert True\n",
            'demo/a "quoted", name.txt': "text\n",
        },
        scripts={"demo-run": "demo:main"},
    )  # fmt: skip
    ask_for(workspace, "demo", more=f", prune: {prune}")
    done = run("build")
    assert done.returncode == 0, done.stderr
    contents = {name.removeprefix("python/"): data for name, data in layer(workspace).items()}
    record = "demo-1.0.dist-info/RECORD"
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(contents[record].decode()))}
    expected = {
        name: [
            "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().strip("="),
            str(len(data)),
        ]
        for name, data in contents.items()
    }
    assert rows == expected | {record: ["", ""]}
    assert ("demo/tests/test_demo.py" in rows) is (prune == "off")


@pytest.mark.parametrize("mode", ["hardlink", "symlink", "clone"])
def test_files_are_copies_whatever_link_mode_the_caller_has_set(
    tmp_path: Path, index: str, add_wheel: Add, mode: str
) -> None:
    add_wheel("demo", "1.0", {"demo/__init__.py": "", "demo/data.txt": "text\n"})
    installer = uv(tmp_path, index, UV_LINK_MODE=mode)
    into = tmp_path / "tree"
    installer.install(installer.resolve(DEMO, TARGET), DEMO, TARGET, into)
    files = [path for path in into.rglob("*") if path.is_file() and path.name != ".lock"]
    assert sorted(path.name for path in files) == [
        "METADATA", "RECORD", "WHEEL", "__init__.py", "data.txt",
    ]  # fmt: skip
    assert {path.lstat().st_nlink for path in files} == {1}
    assert not any(path.is_symlink() for path in files)


@pytest.mark.parametrize("asked", ["demo==2.0", "app"])
def test_a_missing_wheel_is_told_with_its_target_an_older_version_and_a_way_out(
    run: Run, workspace: Path, add_wheel: Add, asked: str
) -> None:
    add_wheel("demo", "1.0", {"demo.py": ""})
    add_wheel("demo", "2.0", {"demo.py": ""}, tag="cp312-cp312-macosx_11_0_arm64")
    add_wheel("app", "1.0", {"app.py": ""}, requires=["demo==2.0"])
    ask_for(workspace, f'"{asked}"', python="3.11")
    done = run("build")
    assert done.returncode == 3
    (first,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert first == (
        "error: layers.yml:4:3: layer demo: demo 2.0 has no wheel for python3.11 on x86_64"
        " (glibc 2.26)"
    )
    advice = [line for line in done.stderr.splitlines() if line.startswith("  → ")]
    assert advice == [
        "  → demo 1.0 has one: ask for demo==1.0",
        "  → if demo is pure Python: build: [demo] builds it from its sdist",
        "  → a runtime from python3.12 on has glibc 2.34 and takes more wheels",
    ]


def test_an_sdist_needs_leave_to_be_built(run: Run, workspace: Path, add_sdist: Add) -> None:
    add_sdist("demo", {"demo.py": "BUILT = True\n"})
    ask_for(workspace, "demo")
    refused = run("build")
    assert refused.returncode == 3
    assert (
        "layer demo: demo 1.0 has no wheel for python3.12 on x86_64 (glibc 2.34)" in refused.stderr
    )
    assert "  → no older version of demo has one either\n" in refused.stderr
    assert "  → if demo is pure Python: build: [demo] builds it from its sdist\n" in refused.stderr
    assert not (workspace / "dist/layers/demo.zip").exists()
    ask_for(workspace, "demo", more=", build: [Demo]")
    allowed = run("build")
    assert allowed.returncode == 0, allowed.stderr
    assert layer(workspace)["python/demo.py"] == b"BUILT = True\n"


def test_what_an_sdist_compiled_is_refused_since_it_is_this_machines(
    run: Run, workspace: Path, add_sdist: Add
) -> None:
    machine = platform.machine()
    add_sdist("demo", {"demo.py": ""}, tag=f"py3-none-linux_{machine}")
    architecture = "x86_64" if machine == "x86_64" else "arm64"
    ask_for(workspace, "demo", more=f", build: [demo], architecture: {architecture}")
    done = run("build")
    assert done.returncode == 3
    assert (
        "layer demo: demo 1.0 was built from its sdist and holds compiled code for this machine,"
        " not for the layer\n"
        f"  → build a wheel of demo for python3.12 on {architecture} and put it on an index\n"
    ) in done.stderr
    assert not (workspace / "dist/layers/demo.zip").exists()


def test_the_index_is_not_asked_again_for_what_it_just_answered(
    tmp_path: Path, index: str, add_wheel: Add
) -> None:
    wheel = add_wheel("demo", "1.0", {"demo.py": "A = 1\n"})
    installer = uv(tmp_path, index)
    empty = uv(tmp_path, index, UV_CACHE_DIR=str(tmp_path / "empty"))
    resolution = installer.resolve(DEMO, TARGET)
    assert empty.resolve(DEMO, TARGET, anew=False) == resolution
    installer.install(resolution, DEMO, TARGET, tmp_path / "first")
    wheel.unlink()
    assert installer.resolve(DEMO, TARGET, anew=False) == resolution
    installer.install(resolution, DEMO, TARGET, tmp_path / "second")
    assert (tmp_path / "second/demo.py").read_text() == "A = 1\n"
    with pytest.raises(InstallError):
        installer.resolve(DEMO, TARGET)
    other = uv(tmp_path, index, UV_CACHE_DIR=str(tmp_path / "other"))
    with pytest.raises(InstallError):
        other.install(resolution, DEMO, TARGET, tmp_path / "third")


@pytest.mark.parametrize(("python", "version"), [("3.11", "1.0"), ("3.12", "2.0")])
def test_what_an_old_glibc_holds_back_is_said_in_log_and_report(
    run: Run, workspace: Path, add_wheel: Add, python: str, version: str
) -> None:
    add_wheel("demo", "1.0", {"demo.py": ""}, tag="py3-none-manylinux_2_17_x86_64")
    add_wheel("demo", "2.0", {"demo.py": ""}, tag="py3-none-manylinux_2_28_x86_64")
    ask_for(workspace, "demo", python=python)
    done = run("build")
    assert done.returncode == 0, done.stderr
    report = (workspace / "dist/layers/report.json").read_text()
    assert f'"version": "{version}"' in report
    held = "glibc 2.26 of python3.11 holds back 1 distribution"
    is_held = python == "3.11"
    assert (held in done.stderr) is is_held
    assert ("    demo 1.0; python3.12 and later take 2.0\n" in done.stderr) is is_held
    assert ('"newer": "2.0"' in report) is is_held
    assert (held in report) is is_held


@pytest.mark.network
def test_wheels_of_the_real_index_are_those_of_the_target(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    ask_for(tmp_path, "markupsafe", python="3.13", more=", architecture: arm64")
    environ = {**os.environ, "PYTHONPATH": str(request.config.rootpath)}
    done = subprocess.run(
        [sys.executable, "-m", "layer_builder", "build"],
        cwd=tmp_path, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    compiled = {name: data for name, data in layer(tmp_path).items() if re.search(r"\.so$", name)}
    assert list(compiled) == ["python/markupsafe/_speedups.cpython-313-aarch64-linux-gnu.so"]
    assert {data[18:20] for data in compiled.values()} == {b"\xb7\x00"}  # EM_AARCH64


@pytest.fixture
def bomb(add_wheel: Add, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a small wheel on the index that unpacks to 512 MiB, where 8 MiB are allowed.

    Unpacking it takes many times as long as the pause between two looks, on a busy machine too: of what
    is unpacked whole before it is looked at, nothing is unfinished that could be removed.
    """
    monkeypatch.setattr(bounded, "_UNPACKED_BYTES", 8 * MIB)
    path = add_wheel("bomb", "1.0", {"bomb.bin": b""})
    with zipfile.ZipFile(path) as small:
        members = {name: small.read(name) for name in small.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as large:
        for name, content in members.items():
            with large.open(name, "w") as member:
                for _ in range(512 if name == "bomb.bin" else 0):
                    member.write(bytes(MIB))
                member.write(content)
    assert path.stat().st_size < MIB
    return path


def test_an_installation_ends_when_wheels_unpack_to_too_much(
    tmp_path: Path, index: str, bomb: Path
) -> None:
    pin = Pin(name="bomb", version="1.0", hashes=(f"sha256:{sha256_of(bomb)}",))
    into = tmp_path / "into"
    into.mkdir()
    with pytest.raises(LimitError, match=r"installing was stopped after 0\.\d GiB were written"):
        uv(tmp_path, index).install(Resolution(pins=(pin,)), Requirements(), TARGET, into)
    folders = (into, tmp_path / "uv-cache")
    left = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in left) < MIB


def test_what_a_program_says_is_taken_whole_and_what_it_may_write_is_written(
    tmp_path: Path,
) -> None:
    program = (
        "import sys, time; sys.stdout.write('x' * 1_000_000); sys.stdout.flush(); time.sleep(0.1);"
        "sys.stderr.write('y' * 1_000_000); open(sys.argv[1], 'wb').write(bytes(1_000_000))"
    )
    done = bounded.run_bounded(
        [sys.executable, "-c", program, str(tmp_path / "f")], {}, bounded.RESOLVING
    )
    assert (done.returncode, len(done.stdout), len(done.stderr)) == (0, 1_000_000, 1_000_000)
    assert (tmp_path / "f").stat().st_size == 1_000_000


def test_what_the_python_is_is_asked_while_files_are_read(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("demo", "1.0", {"demo.py": ""})
    ask_for(workspace, "demo")
    debugging = {"GITHUB_ACTIONS": "true", "RUNNER_DEBUG": "1"}
    told = run("plan", env=debugging).stdout
    asked = told.index("to learn what its Python is")
    assert asked < told.index("to choose versions")
    run("lock")
    assert "what its Python is" not in run("plan", env=debugging).stdout


def test_what_uv_was_told_of_its_python_is_kept_and_asked_once(tmp_path: Path, index: str) -> None:
    asking, cache = uv(tmp_path, index), tmp_path / "uv-cache"
    asking.know_python()
    (kept,) = cache.glob("interpreter-*/*/*.msgpack")
    kept.unlink()
    asking.know_python()
    assert not kept.exists()
