"""Many layers to three regions of an AWS that takes fifteen calls a second in each."""

import json
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from ..cloud.program import Done, Program
from ..cloud.proxy import Proxy
from ..cloud.throttle import Throttle

REGIONS = ("ap-southeast-2", "eu-west-1", "us-east-1")
FEW = 20
SAMPLE = 20
MOST_TIME = 1.5
MOST_MEMORY = 1.2
ARN = "arn:aws:lambda:{}:123456789012:layer:n{:03}:1"


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Publishes many layers through a throttle."""

    program: Program
    proxy: Proxy
    environment: dict[str, str]
    folder: Path

    def publish(self, layers: int) -> tuple[Done, Throttle]:
        """Publish so many small layers to all the regions."""
        folder = self.folder / str(layers)
        (folder / "src").mkdir(parents=True)
        rows = [f"  n{number:03}: {{include: src/{number}.py}}\n" for number in range(layers)]
        for number in range(layers):
            (folder / f"src/{number}.py").write_text(f"A = {number}\n")
        head = 'version: 1\npython: "3.12"\nlayers:\n'
        (folder / "layers.yml").write_text(head + "".join(rows))
        again = urllib.request.Request(f"{self.proxy.upstream}/moto-api/reset", method="POST")
        urllib.request.urlopen(again).close()
        throttle = Throttle()
        self.proxy.rules = (throttle,)
        words = ("publish", "--aws-region", ",".join(REGIONS))
        where = {**self.environment, "AWS_ENDPOINT_URL": self.proxy.url}
        done = self.program.run(*words, folder=folder, environment=where)
        assert done.code == 0, done.text[-2000:]
        report = json.loads((folder / "dist/layers/report.json").read_text())
        assert [layer["arn"] for layer in report["layers"]] == [
            {region: ARN.format(region, number) for region in REGIONS} for number in range(layers)
        ]
        return done, throttle

    def bare_seconds(self) -> float:
        """Time boto3 for a call to each of the regions, unthrottled, here and now."""
        self.proxy.rules = ()

        def work(region: str) -> None:
            session = boto3.session.Session("testing", "testing", region_name=region)
            config = Config(retries={"total_max_attempts": 1})
            api: Any = session.client("lambda", endpoint_url=self.proxy.url, config=config)
            for _ in range(SAMPLE):
                api.list_layer_versions(LayerName="none")
            api.close()

        start = time.monotonic()
        with ThreadPoolExecutor(len(REGIONS)) as pool:
            list(pool.map(work, REGIONS))
        return (time.monotonic() - start) / SAMPLE


def seconds(throttle: Throttle) -> float:
    """Give the time from the first call that the server let through to the last, without the build.

    That lies between the look at what is there and the publishing: it is the longest pause.
    """
    stamps = sorted(stamp for accepted in throttle.accepted.values() for stamp in accepted)
    return stamps[-1] - stamps[0] - max(after - before for before, after in pairwise(stamps))


@pytest.fixture
def crowd(program: Program, proxy: Proxy, environ: dict[str, str], tmp_path: Path) -> Crowd:
    return Crowd(program=program, proxy=proxy, environment=environ, folder=tmp_path / "crowd")


@pytest.mark.parametrize("layers", [80, pytest.param(200, marks=pytest.mark.nightly)])
def test_many_layers_are_published_once_as_fast_as_the_rate_allows(
    crowd: Crowd, versions: Callable[..., list[str]], layers: int
) -> None:
    """The bound is the server's own count; where boto3 alone is slower, that is the bound."""
    few, _ = crowd.publish(FEW)
    before = crowd.bare_seconds()
    many, throttle = crowd.publish(layers)
    calls = max(len(accepted) for accepted in throttle.accepted.values())
    allowed = max(throttle.least_seconds(region) for region in REGIONS)
    bare = max(before, crowd.bare_seconds()) * calls
    for region in REGIONS:
        assert versions(region) == [ARN.format(region, number) for number in range(layers)]
    assert seconds(throttle) <= MOST_TIME * max(allowed, bare)
    assert many.peak_bytes <= MOST_MEMORY * few.peak_bytes
