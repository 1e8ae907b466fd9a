"""Several layers of one project: what two of them hold is told, where one function loads both."""

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
MACHINE = os.uname().machine.replace("aarch64", "arm64")
MANIFEST = f"""\
version: 1
python: "{PYTHON}"
architecture: {MACHINE}
proof: off
layers:
  core: {{{{project: {{{{path: ., groups: [core]}}}}}}}}
  web: {{{{project: {{{{path: ., groups: [web]}}}}, requires: {{requires}}}}}}
functions: {{functions}}
"""
PROJECT = '[dependency-groups]\ncore = ["app"]\nweb = ["base", "page"]\n'
BOTH = "{f: {layers: [core, web]}, g: {layers: [core, web]}}"
APART = "{f: {layers: [core]}, g: {layers: [web]}}"
WARNING = (
    "layers.yml:7:18: layer web: of the distributions of the project . it holds 2 that layer core holds,"
    " too, and function f loads both layers"
)


@pytest.mark.parametrize("command", ["plan", "build"])
@pytest.mark.parametrize(
    ("requires", "functions", "warned"),
    [("[]", BOTH, True), ("[]", APART, False), ("[core]", BOTH, False)],
)
def test_what_two_layers_of_a_function_hold_of_one_project_is_told(  # noqa: PLR0913, PLR0917 (a table's columns)
    run: Run,
    workspace: Path,
    add_wheel: Add,
    requires: str,
    functions: str,
    command: str,
    *,
    warned: bool,
) -> None:
    add_wheel("base", "1.0", {"base.py": ""}, requires=["low"])
    for name, needs in {"app": ["base"], "low": [], "page": []}.items():
        add_wheel(name, "1.0", {f"{name}.py": ""}, requires=needs)
    (workspace / "pyproject.toml").write_text(PROJECT)
    manifest = MANIFEST.format(requires=requires, functions=functions)
    (workspace / "layers.yml").write_text(manifest)
    done = run(command)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(WARNING) == warned, done.stderr
    if warned:
        assert re.search(
            r"\n +base, low\n +→ say requires: \[core\] in web, so that what both need is in core"
            r" alone\n +→ or choose groups: and extras: that share nothing\n",
            done.stderr,
        )
