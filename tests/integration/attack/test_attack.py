"""The real program under attack, in three surroundings, as root and as an ordinary user."""

import os
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..conftest import REPOSITORY

NOBODY = 65534
SURROUND = REPOSITORY / "tests/integration/isolation/surround.py"


def attack(surrounding: str, user: int, home: Path, expect: str) -> str:
    """Have a user attack the program in a surrounding; gives what came of it."""
    paths = (REPOSITORY, REPOSITORY / "tests", sysconfig.get_path("purelib"))
    environ = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, paths)),
        "HOME": str(home),
        "LANG": "C.UTF-8",
    }
    python = sys.executable
    if user != os.getuid():
        # What root has installed may lie in a folder that is root's.
        python, environ["PATH"] = "/usr/bin/python3", "/usr/bin:/bin"
        home.chmod(0o777)
    start: list[str | Path] = [python, SURROUND, surrounding, str(user), python]
    check = "import sys, uv, yaml, integration.attack.run; assert sys.version_info >= (3, 11)"
    able = subprocess.run(
        [*start, "-c", check], env=environ, cwd="/", capture_output=True, check=False
    )
    if able.returncode:
        pytest.skip(
            "no Python 3.11 here that an ordinary user may run with what this program needs"
        )
    done = subprocess.run(
        [*start, "-m", "integration.attack.run", "--installed", "--expect", expect],
        env=environ, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(params=["root", "an ordinary user"])
def user(request: pytest.FixtureRequest) -> int:
    """Give a user; an ordinary one cannot become root."""
    if os.getuid():
        if request.param == "root":
            pytest.skip("these tests are not run by root")
        return os.getuid()
    return 0 if request.param == "root" else NOBODY


@pytest.fixture
def home() -> Iterator[Path]:
    """Give a home that anybody may use: pytest's own folders are their user's."""
    with tempfile.TemporaryDirectory(prefix="attack-home-") as folder:
        yield Path(folder)


@pytest.mark.parametrize("surrounding", ["free", "user-only", "none"])
def test_a_hostile_wheel_and_a_hostile_sdist_reach_nothing(
    user: int, surrounding: str, home: Path
) -> None:
    assert attack(surrounding, user, home, "isolated") == "wheel: isolated\n\nsdist: isolated\n\n"
