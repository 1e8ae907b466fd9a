"""The stage for each test; without act there is nothing to run."""

import os
from pathlib import Path

import pytest

from .stage import ROOT, Stage, copy_of_ours

ACT = ROOT / ".cache" / "bin" / "act"


@pytest.fixture(scope="session")
def act() -> Path:
    """Give act's path."""
    if not ACT.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("there is no act: run `make e2e`")
        pytest.skip("there is no act: run `make e2e`")
    return ACT


@pytest.fixture(scope="session")
def action(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a checkout of this repository."""
    return copy_of_ours(tmp_path_factory.mktemp("action"))


@pytest.fixture
def stage(act: Path, action: Path, tmp_path: Path) -> Stage:
    """Give a stage where nothing was played yet."""
    return Stage(act=act, action=action, tmp=tmp_path)
