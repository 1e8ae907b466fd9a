"""Stripping real wheels' libraries: smaller, and the loader treats them as before."""

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest
import uv

from layer_builder.model.target import Architecture, Python, Target
from layer_builder.native import elf
from layer_builder.native import strip as stripping
from layer_builder.prove import interpreter

Run: TypeAlias = Callable[..., CompletedProcess[str]]
IMPORT = "import sys; sys.path.insert(0, sys.argv[1]); import {}"


def install(into: Path, platform: str, *packages: str) -> list[Path]:
    """Install wheels for a platform; gives their libraries."""
    subprocess.run(
        [uv.find_uv_bin(), "pip", "install", "--quiet", "--no-config", "--only-binary", ":all:",
         "--link-mode", "copy",  # a hard link would carry our edits into uv's cache
         "--python-version", "3.12", "--python-platform", platform, "--target", str(into), *packages],
        check=True,
    )  # fmt: skip
    candidates = sorted(path for path in into.rglob("*.so*") if path.is_file())
    return [path for path in candidates if path.read_bytes().startswith(elf.ELF_MAGIC)]


@pytest.mark.network
@pytest.mark.parametrize("platform", ["x86_64-manylinux_2_34", "aarch64-manylinux_2_34"])
def test_numpy_scipy_and_pyarrow_survive(tmp_path: Path, platform: str) -> None:
    libraries = install(tmp_path, platform, "numpy", "scipy", "pyarrow")
    before = after = 0
    for path in libraries:
        content = path.read_bytes()
        stripped = stripping.strip_library(content)
        old, new = elf.read_elf(content), elf.read_elf(stripped)
        assert old
        assert new
        assert stripping.loads_alike(old, new), path
        assert stripping.strip_library(stripped) == stripped, path
        before += len(content)
        after += len(stripped)
        path.write_bytes(stripped)
    assert len(libraries) > 100
    assert after < 0.95 * before
    if not platform.startswith(os.uname().machine):
        return
    target = Target(python=Python.PY312, architecture=Architecture.X86_64)
    found = interpreter.find_interpreter(target, os.environ)
    if found is None:
        pytest.skip("there is no python3.12 for x86_64 to import them with")
    use = IMPORT.format("numpy.linalg, scipy.stats, scipy.optimize, pyarrow.parquet")
    subprocess.run([found.path, "-I", "-S", "-c", use, str(tmp_path)], check=True)


def test_every_library_of_this_environment_still_loads(tmp_path: Path) -> None:
    """Each in a process of its own would take long; one that loads all is as strict."""
    packages = Path(ctypes.__file__).parents[1] / "lib-dynload"
    libraries = sorted(packages.glob("*.so"))
    assert libraries
    for path in libraries:
        (tmp_path / path.name).write_bytes(stripping.strip_library(path.read_bytes()))
    load = "import ctypes, pathlib, sys\nfor p in pathlib.Path(sys.argv[1]).iterdir(): ctypes.CDLL(str(p))"
    subprocess.run([sys.executable, "-I", "-S", "-c", load, str(tmp_path)], check=True)
