"""A run that is stopped: it begins nothing new, and says what it did."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from ..cloud.answers import Answer
from ..cloud.calls import Call
from ..cloud.proxy import Proxy

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Versions: TypeAlias = Callable[..., list[str]]

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:{}:1"
KEYS = [f"layer-{number:02}" for number in range(48)]


class Stop:
    """Sends a signal to the program as the third publish is answered."""

    def __init__(self, number: signal.Signals) -> None:
        self.number, self.heard = number, 0
        self.process: subprocess.Popen[str] | None = None

    def refuse(self, call: Call) -> None:
        """Refuse nothing."""

    def amend(self, call: Call, answer: Answer) -> Answer:
        self.heard += call.operation == "PublishLayerVersion"
        if self.process and self.heard == 3:
            os.kill(self.process.pid, self.number)
        return answer


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_a_run_that_is_stopped_begins_nothing_new_and_says_what_it_did(  # noqa: PLR0913, PLR0917 (the fixtures it needs)
    environ: Mapping[str, str], run: Run, workspace: Path, proxy: Proxy, versions: Versions,
    number: signal.Signals,
) -> None:  # fmt: skip
    (workspace / "a.py").write_text("A = 1\n")
    layers = "".join(f"  {key}: {{include: a.py}}\n" for key in KEYS)
    (workspace / "layers.yml").write_text(f'version: 1\npython: "3.12"\nlayers:\n{layers}')
    stop = Stop(number)
    proxy.rules = [stop]
    with subprocess.Popen(
        [sys.executable, "-m", "layer_builder", "publish"],
        cwd=workspace,
        env={**environ, "AWS_ENDPOINT_URL": proxy.url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        stop.process = process
        assert process.stderr
        said = process.stderr.read()
    assert process.returncode == 130, said
    assert "error: stopped by the user\n" in said
    made = versions()
    assert 3 <= len(made) < len(KEYS)
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    told = [arn for layer in report["layers"] for arn in layer["arn"].values()]
    assert sorted(told) == made
    assert run("publish").returncode == 0
    assert versions() == [ARN.format(key) for key in KEYS]
