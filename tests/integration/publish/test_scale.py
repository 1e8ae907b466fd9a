"""Many layers to three regions of an AWS that takes fifteen calls a second in each."""

import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from ..cloud.program import Done, Program
from ..cloud.proxy import Proxy
from ..cloud.throttle import Throttle

REGIONS = ("ap-southeast-2", "eu-west-1", "us-east-1")
FEW = 20
MOST_CALLS = 4
"""For each layer: list twice, publish, and list once more where that took long."""
MOST_REFUSED = 0.5
"""For each layer: who waits for the rate is refused now and then, and not each time."""
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


@pytest.fixture
def crowd(program: Program, proxy: Proxy, environ: dict[str, str], tmp_path: Path) -> Crowd:
    return Crowd(program=program, proxy=proxy, environment=environ, folder=tmp_path / "crowd")


@pytest.mark.parametrize("layers", [80, pytest.param(200, marks=pytest.mark.nightly)])
def test_many_layers_are_published_once_at_the_pace_that_the_rate_allows(
    crowd: Crowd, versions: Callable[..., list[str]], layers: int
) -> None:
    few, _ = crowd.publish(FEW)
    many, throttle = crowd.publish(layers)
    for region in REGIONS:
        assert versions(region) == [ARN.format(region, number) for number in range(layers)]
        assert throttle.accepted[region] <= MOST_CALLS * layers + 1
        assert throttle.refused[region] <= MOST_REFUSED * layers
    assert many.peak_bytes <= MOST_MEMORY * few.peak_bytes
