"""Which cases of the large tables are played: a sample, or with --all-cases every one."""

import os

import pytest

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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is not in a sample, and begin with what takes long.

    Builds from the real index take the longest; a worker that meets one last works on alone.
    """
    items.sort(key=lambda item: item.get_closest_marker("network") is None)
    if config.getoption("--all-cases"):
        return
    for item in items:
        if item.get_closest_marker("nightly"):
            item.add_marker(pytest.mark.skip(reason=_NOT_SAMPLED))
