"""examples/cr2a/watch-layers.yml, as somebody would copy it; AWS is moto's server."""

import io
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests
from moto.server import ThreadedMotoServer

from .stage import ROOT, Stage

EXAMPLE = ROOT / "examples" / "cr2a"
WORKFLOW = (EXAMPLE / "watch-layers.yml").read_text()
STEP = "versions/versions"
MIB = 1024 * 1024


@pytest.fixture
def aws() -> Iterator[str]:
    """Start an AWS with two versions of one layer, the newer one over 80% of its limit."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    # moto keeps what it holds in the process, whichever server it came by.
    requests.post(f"{url}/moto-api/reset", timeout=10).raise_for_status()
    session = boto3.session.Session("testing", "testing", region_name="eu-west-1")
    api: Any = session.client("lambda", endpoint_url=url)
    for size in (20, 43):
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as file:
            file.writestr("python/a.bin", bytes(size * MIB))
        zipped = content.getvalue()
        api.publish_layer_version(LayerName="cr2a-core-deps", Content={"ZipFile": zipped})
    api.close()
    yield url
    server.stop()


def led_to(url: str, action: Path) -> str:
    """Lead the workflow to that AWS, and give it a copy of this repository for its second checkout.

    act does a checkout itself only for the repository that the workflow is of, and the stage knows
    the variables of the other example.
    """
    text, fetched = re.subn(
        r"uses: actions/checkout@\S+ # v\S+\n +with:\n +repository: layer-builder/layer-builder\n"
        r" +ref: .*\n +path: .layer-builder\n +persist-credentials: false\n",
        f"run: cp -R {action} .layer-builder\n",
        WORKFLOW,
    )
    assert (fetched, text.count("    steps:\n")) == (1, 1)
    text = text.replace("    steps:\n", f"    env: {{AWS_ENDPOINT_URL: '{url}'}}\n    steps:\n")
    return text.replace("vars.AWS_WATCH_ROLE_ARN", "vars.AWS_ROLE_ARN")


def test_it_lists_the_versions_and_warns_of_what_is_near_a_limit(stage: Stage, aws: str) -> None:
    run = stage.play(led_to(aws, stage.action), EXAMPLE, event="workflow_dispatch")
    assert run.jobs == {"versions": "success"}, run.errors
    step = run.steps[STEP]
    (warning,) = [one for one in step.annotations if one.level == "warning"]
    assert "cr2a-core-deps:2: zip 43.0 MiB is 86% of AWS's limit" in warning.message
    assert warning.place["file"] == "layers.yml"
    assert "+23.0 MiB (+115%)" in step.log
    assert "| 2 | " in step.summary


def test_it_fails_near_the_end_of_a_limit(stage: Stage, aws: str) -> None:
    text = led_to(aws, stage.action)
    assert text.count("--fail-at 95%") == 1
    text = text.replace("--fail-at 95%", "--fail-at 85%")
    run = stage.play(text, EXAMPLE, event="workflow_dispatch")
    assert run.jobs == {"versions": "failure"}
    assert run.steps[STEP].exit_code == 5
    assert [one.level for one in run.steps[STEP].annotations] == ["error"]
