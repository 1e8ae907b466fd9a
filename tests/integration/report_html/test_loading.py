"""Jinja2 and squarify are loaded by the first page that is written, and by nothing before it."""

import subprocess
import sys

import pytest

LOADED = "print(*sorted({'jinja2', 'markupsafe', 'squarify'} & sys.modules.keys()))"


@pytest.mark.parametrize("module", ["main", "tell", "report", "report_json"])
def test_importing_loads_no_templates(module: str) -> None:
    program = f"import sys, layer_builder.{module}; {LOADED}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == []
