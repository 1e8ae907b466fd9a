"""What a Python needs to read to start: its own folders."""

import subprocess
from functools import cache
from pathlib import Path

_SECONDS = 10
_ASK = "import sys; print(sys.prefix); print(sys.base_prefix); print(sys.exec_prefix)"


@cache
def prefixes(python: Path) -> tuple[Path, ...]:
    """List the folders of an interpreter: its installation, and its environment if it has one.

    It is asked itself, with none of the caller's settings. Of one that is installed right into the
    user's home, or above it, the libraries will do.
    """
    try:
        answer = subprocess.run(  # noqa: S603 (no shell; our own words)
            [str(python), "-I", "-S", "-c", _ASK],
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        answer = ""  # it will not start confined, either, and that is told then
    named = {Path(line).resolve() for line in answer.splitlines() if line.startswith("/")}
    own = Path.home().resolve()
    folders = {folder / "lib" if own.is_relative_to(folder) else folder for folder in named}
    return (*sorted(folders), python, python.resolve(), python.parent.parent / "pyvenv.cfg")
