"""Publishing what is published: a run that a fresh runner makes where nothing changed."""

import logging
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests
from moto.server import ThreadedMotoServer

from benchmarks.peers.builders import Builder
from benchmarks.peers.measure import process
from benchmarks.peers.measure.process import Run

_REGION = "eu-west-1"
_NOTHING = "Lambda layers: 0 published, "


def publish_again(  # noqa: PLR0913 (what a run depends on)
    builder: Builder,
    folder: Path,
    home: Path,
    environ: Mapping[str, str],
    *,
    limit: float,
    is_locked: bool,
) -> Run:
    """Publish a workspace to an empty AWS of this machine; empty the home; measure the second run.

    Where it is to be locked, that comes first. Gives the first run that failed.
    """
    if is_locked:
        locking = process.run(builder.locking, folder, environ, limit=limit)
        if locking.exit_code != 0:
            return locking
    with _aws() as address:
        variables = {**environ, **address}
        first = process.run(builder.publishing, folder, variables, limit=limit)
        if first.exit_code != 0:
            return first
        for emptied in (home, folder / "out"):
            shutil.rmtree(emptied)
        home.mkdir()
        return process.run(builder.publishing, folder, variables, limit=limit)


def publish_first(
    builder: Builder, home: Path, folder: Path, environ: Mapping[str, str], *, limit: float
) -> Run:
    """Set the program up in an empty home, and publish a workspace to an empty AWS."""
    shutil.rmtree(home)
    home.mkdir()
    with _aws() as address:
        return process.run(builder.beginning, folder, {**environ, **address}, limit=limit)


def changed_nothing(run: Run) -> bool:
    """Tell whether a run ended well and published nothing."""
    return run.exit_code == 0 and _NOTHING in run.log


@contextmanager
def _aws() -> Iterator[dict[str, str]]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    # All servers of a process have one state: http://docs.getmoto.org/en/latest/docs/server_mode.html
    requests.post(f"http://{host}:{port}/moto-api/reset", timeout=30).raise_for_status()
    try:
        yield {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_REGION": _REGION,
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
        }
    finally:
        server.stop()
