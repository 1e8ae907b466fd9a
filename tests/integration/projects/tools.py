"""The real tools that write locks, each in an environment of its own that uv makes for it."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from subprocess import CompletedProcess

import uv

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
INDEX = "@index@"
"""Stands for the address of the index in what a tool locks."""


GONE, KEPT = "tomli", "more-itertools"
"""What the project asks for below the running Python only, and from it on only."""


ASKED = {
    "attrs": "24.2.0",
    "click": "8.1.7",
    "httpx": "0.27.2",
    "jinja2": "3.1.4",
    "jsonschema": "4.23.0",
    KEPT: "10.7.0",
    "pydantic": "2.9.2",
    "python-dateutil": "2.9.0.post0",
    "pyyaml": "6.0.2",
    "requests": "2.32.3",
    "rich": "13.9.4",
    "tabulate": "0.9.0",
    "tomlkit": "0.13.2",
    GONE: "2.0.2",
    "toolz": "1.0.0",
}
MARKERS = {GONE: f"python_version < '{PYTHON}'", KEPT: f"python_version >= '{PYTHON}'"}
LINES = [
    f"{name}=={version}" + (f"; {MARKERS[name]}" if name in MARKERS else "")
    for name, version in ASKED.items()
]
STANDARD = f"""\
[project]
name = "shop"
version = "1"
requires-python = ">=3.10"
dependencies = {json.dumps(LINES, indent=4)}
"""
MIRROR = f"""
[[tool.poetry.source]]
name = "mirror"
url = "{INDEX}"
priority = "primary"
"""
POETRY = """\
[tool.poetry]
name = "shop"
version = "1"
description = ""
authors = []
[tool.poetry.dependencies]
python = ">=3.10"
""" + "".join(
    f'{name} = {{version = "{version}", markers = "{MARKERS[name]}"}}\n'
    if name in MARKERS
    else f'{name} = "{version}"\n'
    for name, version in ASKED.items()
)
PIPFILE = f'[[source]]\nname = "pypi"\nurl = "{INDEX}"\nverify_ssl = true\n[packages]\n' + "".join(
    f'{name} = {{version = "=={version}", markers = "{MARKERS[name]}"}}\n'
    if name in MARKERS
    else f'{name} = "=={version}"\n'
    for name, version in ASKED.items()
)


@cache
def index() -> str:
    """Have uv tell the address of the index that it asks."""
    done = subprocess.run(
        [uv.find_uv_bin(), "pip", "compile", "--no-config", "--no-header", "--emit-index-url", "-"],
        input="", capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return done.stdout.split()[1]


@dataclass(frozen=True, kw_only=True)
class Tool:
    """A tool, what it locks, and how it is called."""

    lock: str
    source: str
    """The file that it locks."""
    template: str
    locking: tuple[str, ...]
    """Arguments of uv."""
    checking: tuple[str, ...] = ()
    """The same, to have it say whether its lock is up to date."""
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> str:
        """What is in that file."""
        return self.template.replace(INDEX, index())

    def make(self, folder: Path) -> None:
        """Write the project, and have it locked."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / self.source).write_text(self.content)
        done = self._call(folder, self.locking)
        assert done.returncode == 0, done.stdout + done.stderr
        assert (folder / self.lock).exists()

    def says_fresh(self, folder: Path) -> bool:
        """Have the tool say whether the lock is up to date."""
        return self._call(folder, self.checking).returncode == 0

    def _environment(self) -> dict[str, str]:
        return {n: v if v != INDEX else index() for n, v in self.environment.items()}

    def _call(self, folder: Path, words: tuple[str, ...]) -> CompletedProcess[str]:
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("PYTHON", "VIRTUAL_ENV"))}
        return subprocess.run(
            [uv.find_uv_bin(), *words],
            cwd=folder,
            env={**kept, "UV_PYTHON": sys.executable, **self._environment()},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )


def _run(package: str, program: str, *words: str) -> tuple[str, ...]:
    return ("tool", "run", "--from", package, program, *words)


_POETRY = {"POETRY_VIRTUALENVS_IN_PROJECT": "true", "POETRY_NO_INTERACTION": "1"}
TOOLS = {
    "uv": Tool(
        lock="uv.lock",
        source="pyproject.toml",
        template=STANDARD,
        locking=("lock",),
        checking=("lock", "--check"),
    ),
    "poetry": Tool(
        lock="poetry.lock",
        source="pyproject.toml",
        template=f"{STANDARD}{MIRROR}",
        locking=_run("poetry==2.5.1", "poetry", "lock"),
        checking=_run("poetry==2.5.1", "poetry", "check", "--lock"),
        environment=_POETRY,
    ),
    "poetry 1": Tool(
        lock="poetry.lock",
        source="pyproject.toml",
        template=f"{POETRY}{MIRROR}",
        locking=_run("poetry==1.8.5", "poetry", "lock"),
        checking=_run("poetry==1.8.5", "poetry", "check", "--lock"),
        environment=_POETRY,
    ),
    "pdm": Tool(
        lock="pdm.lock",
        source="pyproject.toml",
        template=STANDARD,
        locking=_run("pdm[locked]==2.29.3", "pdm", "lock"),
        checking=_run("pdm[locked]==2.29.3", "pdm", "lock", "--check"),
        environment={"PDM_CHECK_UPDATE": "0", "PDM_PYPI_URL": INDEX},
    ),
    "pipenv": Tool(
        lock="Pipfile.lock",
        source="Pipfile",
        template=PIPFILE,
        locking=_run("pipenv==2026.10.3", "pipenv", "lock"),
        checking=_run("pipenv==2026.10.3", "pipenv", "verify"),
        environment={"PIPENV_VENV_IN_PROJECT": "1", "PIPENV_IGNORE_VIRTUALENVS": "1"},
    ),
    "pylock": Tool(
        lock="pylock.toml",
        source="pyproject.toml",
        template=STANDARD,
        locking=("export", "--format", "pylock.toml", "--no-emit-project", "-o", "pylock.toml"),
    ),
}
