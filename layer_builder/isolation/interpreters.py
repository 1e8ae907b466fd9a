"""What a Python needs to read to start: its own folders, and the libraries of its own modules."""

import subprocess
from functools import cache
from pathlib import Path

_SECONDS = 10
_ASK = """
import importlib, os, sys
print(sys.prefix, sys.base_prefix, sys.exec_prefix, sep="\\n")
print("python%d.%d" % sys.version_info[:2])
for folder in sys.path:
    names = os.listdir(folder) if os.path.basename(folder) == "lib-dynload" else ()
    for name in sorted(name.partition(".")[0] for name in names if name.endswith(".so")):
        if not name.startswith(("_test", "_ctypes_test", "_tkinter", "xx")):
            try:
                importlib.import_module(name)
            except Exception:
                pass
with open("/proc/self/maps") as file:
    mapped = {line.split(None, 5)[-1].rstrip("\\n") for line in file if ".so" in line}
print(*sorted(mapped), sep="\\n")
"""
_SHARED = (Path("/usr"), Path("/usr/local"))
"""Where a Python is beside all else."""


@cache
def prefixes(python: Path) -> tuple[Path, ...]:
    """List the folders of an interpreter, and the system's libraries that its own modules load.

    Its folders are its installation, and its environment if it has one. It is asked itself, with
    none of the caller's settings. Of one that is installed right into the user's home, or above
    it, the libraries will do.
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
    *named, name = answer.splitlines()[:4] or [""]
    folders = {own for line in named for own in _own_folders(Path(line).resolve(), name)}
    mapped = map(Path, answer.splitlines()[4:])
    libraries = [path for path in mapped if not any(map(path.is_relative_to, folders))]
    of_environment = python.parent.parent / "pyvenv.cfg"
    return (*sorted(folders), python, python.resolve(), of_environment, *libraries)


def _own_folders(prefix: Path, name: str) -> tuple[Path, ...]:
    if prefix in _SHARED:
        return tuple(prefix / folder / name for folder in ("lib", "lib64"))
    return (prefix / "lib" if Path.home().resolve().is_relative_to(prefix) else prefix,)
