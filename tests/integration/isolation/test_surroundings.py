"""Hostile code reaches nothing, whatever namespaces the system gives and whoever runs it."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..conftest import REPOSITORY

HERE = Path(__file__).parent
NOBODY = 65534
NEEDS_MORE = {
    # Not tried bare, or only for who has more rights, or a newer kernel, or a luckier address.
    *(
        "a signal to all",
        "mount",
        "chroot",
        "bpf",
        "userfaultfd",
        "perf_event_open",
        "capabilities",
    ),
    *("a raw socket", "process_vm_readv", "descriptors of the caller", "the output of the caller"),
    *("an attribute of a file", "keyctl", "io_uring", "the hypervisor"),
}


def python_for(user: int) -> str:
    """Find a Python that a user may run: root's own lies in a folder that is root's."""
    for path in (sys.executable, "/usr/bin/python3"):
        words = [path, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        who = user if os.getuid() == 0 else None
        with contextlib.suppress(PermissionError):
            if Path(path).exists() and not subprocess.run(words, user=who, check=False).returncode:
                return path
    pytest.skip("no Python 3.11 here that an ordinary user may run")


@pytest.fixture(params=["root", "an ordinary user"])
def user(request: pytest.FixtureRequest) -> int:
    if os.getuid():
        if request.param == "root":
            pytest.skip("these tests are not run by root")
        return os.getuid()
    return 0 if request.param == "root" else NOBODY


@pytest.fixture
def base(user: int) -> Iterator[Path]:
    """Give a folder that the user owns, with this program in it."""
    with tempfile.TemporaryDirectory(prefix="isolation-", dir="/tmp") as name:
        folder = Path(name)
        shutil.copytree(REPOSITORY / "layer_builder", folder / "layer_builder")
        for program in ("surround.py", "attack.py", "victim.py"):
            shutil.copy(HERE / program, folder)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user, user) if os.getuid() == 0 else None
        yield folder


def play(base: Path, user: int, surrounding: str, *how: str) -> dict[str, Any]:
    """Have the victim launch the attack; `how`: whether isolation is required, what to leave out."""
    python = python_for(user)
    done = subprocess.run(
        [python, "-P", base / "surround.py", surrounding, str(user),
         python, "-P", base / "victim.py", python, base / "attack.py", base, *how],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(base), "LANG": "C.UTF-8"},
        cwd=base, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.mark.parametrize(
    ("surrounding", "how"),
    [("free", "yes"), ("user-only", "yes"), ("none", "yes"), ("free", "mounted")],
)
def test_nothing_is_reached(base: Path, user: int, surrounding: str, how: str) -> None:
    # In a /tmp of its own, a folder that is made beside an interpreter below /tmp is not that one.
    own_tmp = how == "mounted" and Path(sys.prefix).is_relative_to("/tmp")
    told = play(base, user, surrounding, how, json.dumps(["the interpreter"] if own_tmp else []))
    assert told["reached"] == []
    assert told["code"] == 0
    assert told["held"] == ["files", "network", "processes"]
    assert told["command file"] == told["file"] == "secret"
    assert told["left"] == [
        "cache", "command_file", "fifo", "file", "home", "movable", "prefix", "removable", "socket",
    ]  # fmt: skip
    if surrounding != "free":
        assert not {"network", "processes", "mounts"} & set(told["namespaces"])


def test_without_isolation_the_same_code_reaches_nearly_all(base: Path, user: int) -> None:
    """Or the tries above would show nothing."""
    told = play(base, user, "free", "bare", json.dumps(["a signal to all", "mount", "chroot"]))
    tried = re.findall(r'yield "([^"]+)"', (HERE / "attack.py").read_text())
    assert set(tried) - set(told["reached"]) <= NEEDS_MORE
