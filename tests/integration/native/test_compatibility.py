"""Wheels that cannot load on the target: refused, by name, whatever their tags say."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest
import uv

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]


@pytest.fixture
def add_mislabelled(add_wheel: Add, tmp_path: Path) -> Callable[[str, str], None]:
    """Put a real wheel on the index under a tag that is not its own."""

    def add(package: str, tag: str) -> None:
        folder = tmp_path / "real"
        subprocess.run(
            [uv.find_uv_bin(), "pip", "install", "--quiet", "--no-config", "--no-deps",
             "--only-binary", ":all:", "--python-version", "3.12",
             "--python-platform", "x86_64-manylinux_2_34", "--target", str(folder), package],
            check=True,
        )  # fmt: skip
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file() and ".dist-info" not in str(path) and path.name != ".lock"
        }
        add_wheel(package, "1.0", files, tag=tag)

    return add


def manifest(workspace: Path, package: str, python: str, more: str = "") -> None:
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{python}"\nlayers:\n  demo: {{packages: [{package}]{more}}}\n'
    )


@pytest.mark.network
@pytest.mark.parametrize(
    ("tag", "python", "architecture", "said"),
    [
        (
            "cp311-abi3-manylinux_2_17_x86_64",
            "3.11",
            "x86_64",
            r"needs GLIBC_2\.(2[7-9]|3\d); the runtime has GLIBC_2\.26",
        ),
        (
            "cp311-abi3-manylinux_2_28_aarch64",
            "3.12",
            "arm64",
            "is for x86_64, the layer for aarch64",
        ),
    ],
    ids=["too new", "wrong architecture"],
)
def test_a_real_wheel_under_a_false_tag_is_an_error_that_names_it(  # noqa: PLR0913, PLR0917 (a table's columns)
    run: Run,
    workspace: Path,
    add_mislabelled: Callable[[str, str], None],
    tag: str,
    python: str,
    architecture: str,
    said: str,
) -> None:
    add_mislabelled("cryptography", tag)
    manifest(workspace, "cryptography", python, f", architecture: {architecture}")
    done = run("build", env={"PATH": os.environ["PATH"]})
    assert done.returncode == 3, done.stderr
    wheel = f"cryptography 1.0 ({tag})"
    assert f"layer demo: {wheel} cannot load on python{python} {architecture}" in done.stderr
    assert re.search(rf"cryptography/hazmat/bindings/_rust\.abi3\.so: {said}", done.stderr)
    assert not (workspace / "dist/layers/demo.zip").exists()


def test_an_extension_for_another_python_is_an_error(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel(
        "demo",
        "1.0",
        {
            "demo.cpython-310-x86_64-linux-gnu.so": b"\x7fELF\2\1\1"
            + bytes(9)
            + b"\3\0\x3e\0\1"
            + bytes(31)
            + b"\x40\0\x38\0\0\0\x40\0\0\0\0\0"
        },
        tag="py3-none-manylinux_2_17_x86_64",
    )
    manifest(workspace, "demo", "3.12")
    done = run("build")
    assert done.returncode == 3, done.stderr
    assert "demo 1.0 (py3-none-manylinux_2_17_x86_64) cannot load" in done.stderr
    assert "is an extension for Python 3.10" in done.stderr
    manifest(workspace, "demo", "3.12", ", proof: off")
    assert run("build").returncode == 0


def test_a_damaged_library_is_an_error(run: Run, workspace: Path, add_wheel: Add) -> None:
    add_wheel("demo", "1.0", {"demo/lib.so": b"\x7fELF and no more"}, tag="py3-none-any")
    manifest(workspace, "demo", "3.12")
    done = run("build")
    assert done.returncode == 3, done.stderr
    assert "demo/lib.so: is damaged" in done.stderr
