"""The stand-in: a Python that is handed to uv, and runs all that uv asks of it isolated.

uv does everything else that a build takes: it chooses the version, checks the hash, unpacks, fills
an environment with what the backend requires. It runs a backend's hooks by the Python that it was
given (https://peps.python.org/pep-0517/#build-environment), and knows no other than this one.
"""

import json
import shlex
import shutil
import sys
import tempfile
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import field
from pathlib import Path

import layer_builder
from layer_builder.errors import Problem, ProofError
from layer_builder.isolation import prefixes
from layer_builder.lazy_dataclasses import dataclass

NAME, ORDERS, REFUSED, ASKED = "python", "orders.json", "refused.json", "asked"
"""Files in its folder: itself, what it is told, why it ran nothing, a mark that it was asked to."""

_BOOT = (
    "import sys; sys.path.insert(0, {home!r}); from layer_builder.backends.hook import main; main()"
)

_PROBE = """\
import os

def get_requires_for_build_wheel(settings=None):
    if not os.environ.get("HOME", "").startswith({home!r}):
        open({mark!r}, "w").close()
    os._exit(1)
"""
_PROJECT = '[build-system]\nrequires = []\nbuild-backend = "probe"\nbackend-path = ["."]\n'

RunUv = Callable[[Sequence[str]], str]


@dataclass(kw_only=True)
class StandIn:
    """A Python in a folder of its own, which lasts as long as this does."""

    required: bool = True
    """Whether nothing is run where isolation does not hold."""
    _folder: Path | None = field(default=None, repr=False)
    _seen: bool = field(default=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def ready(self, uv: RunUv) -> Path:
        """Give the program to name to uv, having seen once that uv uses it, and no other.

        `uv` runs it with the arguments that it is given, and gives what it says.

        Raises ProofError where a backend would run in the open, or cannot be isolated.
        """
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="layer-builder-python-"))
                weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
                _write(self._folder, required=self.required)
            if not self._seen:
                _probe(uv, self._folder)
                self.raise_refusal()
                self._seen = True
        return self._folder / NAME

    def raise_refusal(self) -> None:
        """Raise ProofError if something was not run, since it could not be isolated."""
        if self._folder and (refused := self._folder / REFUSED).exists():
            told = json.loads(refused.read_text(encoding="utf-8"))
            raise ProofError(
                Problem(
                    message=told["message"],
                    details=tuple(told["details"]),
                    advice=tuple(told["advice"]),
                )
            )


def _write(folder: Path, *, required: bool) -> None:
    """Write the program, and what it is told."""
    real = Path(sys.executable).resolve()
    home = str(Path(layer_builder.__file__).resolve().parents[1])
    read = [str(path) for path in prefixes(real)]
    orders = {"python": str(real), "read": read, "required": required}
    (folder / ORDERS).write_text(json.dumps(orders), encoding="utf-8")
    words = [sys.executable, "-I", "-S", "-c", _BOOT.format(home=home), str(folder)]
    path = folder / NAME
    # By a shell: the kernel takes no blanks in the path of an interpreter, and tells a script
    # no other name than the one that it was called by.
    path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$0" "$@"\n', encoding="utf-8")
    path.chmod(0o700)


def _probe(uv: RunUv, folder: Path) -> None:
    """Have uv build a project of ours, which tells where it is run."""
    project, mark = folder / "probe", folder / "reached"
    project.mkdir(exist_ok=True)
    (project / "pyproject.toml").write_text(_PROJECT, encoding="utf-8")
    text = _PROBE.format(home=str(folder), mark=str(mark))
    (project / "probe.py").write_text(text, encoding="utf-8")
    asking = folder / "probe.in"
    asking.write_text(f"probe @ {project.as_uri()}\n", encoding="utf-8")
    python = ("--python", str(folder / NAME))
    said = uv(["pip", "compile", "--no-index", "--no-deps", "--no-sources", *python, str(asking)])
    if mark.exists() or not (folder / ASKED).exists():
        raise ProofError.because(
            "uv does not run the backends of sdists as it was told to, so none was run",
            details=tuple(said.strip().splitlines()[-4:]),
            advice=(
                "take the version of uv that requirements/uv.txt names",
                "or take wheels: leave out build:",
            ),
        )
