"""A manifest with one layer and one function: what is refused here is refused before both."""

from pathlib import Path

import pytest


@pytest.fixture
def small(workspace: Path) -> None:
    """Write the manifest, and what its layer includes."""
    (workspace / "a.py").write_text("A = 1\n")
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nlayers: {a: {include: a.py}}\n'
        "functions: {api: {function-name: f, layers: [a]}}\n"
    )
