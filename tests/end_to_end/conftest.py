"""The stage for each test; without act there is nothing to run."""

import os
from pathlib import Path

import pytest

from .stage import ROOT, Stage, copy_of_ours

ACT = ROOT / ".cache" / "bin" / "act"


@pytest.fixture(scope="session")
def action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a checkout of this repository."""
    return copy_of_ours(tmp_path_factory.mktemp("action"))


@pytest.fixture
def stage(action: Path, tmp_path: Path) -> Stage:
    """Give a stage where nothing was played yet."""
    if not ACT.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"there is no {ACT.relative_to(ROOT)}: run `make e2e`")
        pytest.skip("act is not there: run `make e2e`")
    return Stage(act=ACT, action=action, tmp=tmp_path)
