"""Bytecode that an import leaves for other modules: no import that has to vouch for itself takes it."""

import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
FORGER = """\
import importlib._bootstrap_external as machinery, importlib.util, marshal, os
cache = machinery.cache_from_source.__self__
source = cache._root + "victim/__init__.py"
code = marshal.dumps(compile("", source, "exec"))
with open(source, "rb") as file:
    digest = importlib.util.source_hash(file.read())
os.makedirs(cache._folders[0] + "/victim", exist_ok=True)
with open(cache._folders[0] + "/victim/__init__.pyc", "wb") as file:
    file.write(importlib.util.MAGIC_NUMBER + (3).to_bytes(4, "little") + digest + code)
"""


def test_bytecode_that_an_import_forged_is_no_proof(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    add_wheel("forger", "1", {"forger/__init__.py": FORGER})
    add_wheel("victim", "1", {"victim/__init__.py": "raise ImportError('it lacks libfoo')\n"})
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{PYTHON}"\nlayers:\n  deps: {{packages: [forger, victim]}}\n'
    )
    done = run("build")
    assert done.returncode == 4, done.stderr
    assert "it lacks libfoo" in done.stderr
