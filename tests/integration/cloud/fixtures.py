"""Emulators and the proxy as fixtures; conftest.py takes them in."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from .ministack import Ministack
from .program import Program
from .proxy import Proxy

REPOSITORY = Path(__file__).resolve().parents[3]
MINISTACK = REPOSITORY / ".cache" / "ministack" / "bin" / "ministack"


@pytest.fixture(scope="session")
def _proxy() -> Iterator[Proxy]:
    proxy = Proxy("")
    yield proxy
    proxy.close()


@pytest.fixture
def proxy(_proxy: Proxy, aws: str) -> Iterator[Proxy]:
    """Give a proxy before moto that has heard nothing yet; `upstream` can be set anew."""
    _proxy.clear()
    _proxy.upstream = aws
    yield _proxy
    failures, _proxy.failures = _proxy.failures, []
    _proxy.clear()
    assert failures == []


@pytest.fixture(scope="session")
def _ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    if not MINISTACK.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("there is no ministack: run `make test`")
        pytest.skip("there is no ministack: run `make test`")
    with socket.socket() as seat:
        seat.bind(("127.0.0.1", 0))
        port = seat.getsockname()[1]
    running = Ministack(MINISTACK, tmp_path_factory.mktemp("ministack"), port)
    yield running
    running.close()


@pytest.fixture
def ministack(_ministack: Ministack) -> str:
    """Give the address of an AWS that runs functions, without anything in it."""
    _ministack.reset()
    return _ministack.url


@pytest.fixture(scope="session")
def program() -> Iterator[Program]:
    """Give the program, imported and ready to fork."""
    running = Program(REPOSITORY)
    yield running
    running.close()
