"""Programs of this machine, as far as a function finds them too."""

import tempfile
import threading
from functools import cache
from pathlib import Path

from layer_builder.native.base_system import PROGRAMS

_PLACES = ("/usr/bin", "/bin", "/usr/sbin", "/sbin")
_lock = threading.Lock()


def lambda_programs(python: Path) -> Path:
    """Give a folder of links to this machine's programs, those that a function finds too.

    It is made once for a Python, and lasts as long as this process.
    """
    with _lock:
        return Path(_link_programs(python).name)


@cache
def _link_programs(python: Path) -> "tempfile.TemporaryDirectory[str]":
    folder = tempfile.TemporaryDirectory(prefix="layer-builder-programs-")
    for name in sorted(PROGRAMS):
        found = (Path(place, name) for place in _PLACES)
        if path := next((path for path in found if path.exists()), None):
            Path(folder.name, name).symlink_to(path)
    for name in ("python", "python3", python.resolve().name):
        link = Path(folder.name, name)
        if not link.is_symlink():
            link.symlink_to(python.resolve())
    return folder
