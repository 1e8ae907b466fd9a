"""Workspaces with functions."""

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Write: TypeAlias = Callable[[Mapping[str, str]], None]

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
HEAD = f"""version: 1
python: "{PYTHON}"
architecture: {os.uname().machine.replace("aarch64", "arm64")}
"""
SHOP = """import json
from pathlib import Path


def greet(name):
    return f"Hello {name}"
"""
APP = """import shop


def handler(event, context):
    return {"statusCode": 200, "body": shop.greet(event["name"])}
"""
MANIFEST = (
    HEAD
    + """layers:
  code: {include: {from: src/, to: python/}}
functions:
  api:
    layers: [code]
    code: api/
    handler: app.handler
    events: events/*.json
"""
)
FILES = {
    "layers.yml": MANIFEST,
    "src/shop.py": SHOP,
    "api/app.py": APP,
    "events/one.json": '{"name": "Ann"}',
}


@pytest.fixture
def write(workspace: Path) -> Write:
    """Write files into the workspace, over those of a function that works."""

    def put(files: Mapping[str, str]) -> None:
        for name, text in {**FILES, **files}.items():
            path = workspace / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    return put


@pytest.fixture
def proof(workspace: Path) -> Callable[[], dict[str, Any]]:
    """Read the proof of the one function from the report."""

    def read() -> dict[str, Any]:
        report = json.loads((workspace / "dist/layers/report.json").read_text())
        (function,) = report["functions"]
        found = function["proof"]
        assert isinstance(found, dict)
        return found

    return read
