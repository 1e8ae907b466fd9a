"""Which cases of the large tables are played: a sample, or with --all-cases every one."""

import pytest

_NOT_SAMPLED = "not in the sample of its table, which `make all-cases` plays whole"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run ask for what `make test` leaves out."""
    parser.addoption(
        "--all-cases", action="store_true", help="play the large tables whole, not a sample of them"
    )


@pytest.fixture(scope="session")
def all_cases(pytestconfig: pytest.Config) -> bool:
    """Tell whether the large tables are played whole."""
    return bool(pytestconfig.getoption("--all-cases"))


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
