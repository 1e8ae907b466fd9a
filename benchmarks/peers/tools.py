"""The peers' own programs: pinned, and each installed into a folder of its own."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import uv

from benchmarks.peers import figures

PINS: Mapping[str, tuple[str, ...]] = {
    "pip": ("pip==26.3",),
    "pex": ("pex==2.105.2",),
    "sam": ("aws-sam-cli==1.170.0", "pip==26.3"),
    "serverless": ("serverless@3.40.0", "serverless-python-requirements@6.1.2"),
}
"""Those with `==` come by uv into a virtual environment, those with `@` by npm."""

_SECONDS = 600
_READY = "bench-ready"


class MissingToolError(Exception):
    """A peer's program could not be installed; says why."""


@dataclass(frozen=True, kw_only=True)
class Toolbox:
    """Installs programs once and finds them again by what is pinned."""

    folder: Path
    python: Path
    """The interpreter that Python programs run on."""
    pins: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: PINS)
    """What there is to install, and in which version."""

    def provide(self, name: str) -> Path:
        """Give the folder of a program, where its environment lies.

        Raises MissingToolError with the last word of the installer.
        """
        pins = self.pins[name]
        digest = hashlib.sha256(json.dumps([pins, str(self.python)]).encode()).hexdigest()[:12]
        home = self.folder / f"{name}-{digest}"
        if (home / _READY).exists():
            return home
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        if "@" in pins[0]:
            self._by_npm(home, pins)
        else:
            self._by_uv(home, pins)
        (home / _READY).touch()
        return home

    def _by_uv(self, home: Path, pins: tuple[str, ...]) -> None:
        binary = uv.find_uv_bin()
        _install(home, binary, "venv", "--quiet", "--no-project", "--python", str(self.python),
                 "--allow-existing", str(home))  # fmt: skip
        _install(home, binary, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(home / "bin" / "python"),
                 *pins)  # fmt: skip

    def _by_npm(self, home: Path, pins: tuple[str, ...]) -> None:
        npm = shutil.which("npm")
        if not npm:
            message = "npm is not on this machine"
            raise MissingToolError(message)
        (home / "package.json").write_text('{"private": true}\n', encoding="utf-8")
        _install(home, npm, "install", "--no-package-lock", "--no-audit", "--no-fund",
                 "--loglevel", "error", *pins)  # fmt: skip


def _install(home: Path, *command: str) -> None:
    try:
        done = subprocess.run(
            command, cwd=home, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired) as error:
        raise MissingToolError(figures.reason(str(error), [str(home)])) from error
    if done.returncode:
        raise MissingToolError(figures.reason(done.stdout, [str(home)]))
