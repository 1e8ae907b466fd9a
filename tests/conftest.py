"""Which cases of the large tables are played: a sample, or with --all-cases every one."""

import os
from pathlib import Path

import pytest

_UNIT = Path(__file__).with_name("unit")

_NOT_SAMPLED = "not in the sample of its table, which `make all-cases` plays whole"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run ask for what `make test` leaves out."""
    parser.addoption(
        "--all-cases", action="store_true", help="play the large tables whole, not a sample of them"
    )


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Take, of `-n auto`, three workers for two processors: many tests wait for an AWS that fails.

    `-n logical` stays one for each.
    """
    if config.getoption("numprocesses") != "auto":
        return None
    return max(2, len(os.sched_getaffinity(0)) * 3 // 2)


def _turn(item: pytest.Item) -> int:
    if item.get_closest_marker("network"):
        return 0
    return 2 if _UNIT in item.path.parents else 1


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is not in a sample, and begin with what takes long.

    A worker that meets a long test last works on alone: builds from the real index come first,
    unit tests last.
    """
    items.sort(key=_turn)
    if config.getoption("--all-cases"):
        return
    for item in items:
        if item.get_closest_marker("nightly"):
            item.add_marker(pytest.mark.skip(reason=_NOT_SAMPLED))
