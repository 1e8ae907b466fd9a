"""examples/cr2a/publish-layers.yml, as somebody would copy it."""

import json
import os
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from layer_builder.model.target import Architecture, Python, Target
from layer_builder.prove import interpreter

from .act import Run
from .remote import client, serve, serve_aws
from .stage import ROOT, Stage

EXAMPLE = ROOT / "examples" / "cr2a"
WORKFLOW = (EXAMPLE / "publish-layers.yml").read_text()
KEYS = ["shared-code", "core-deps", "optional-deps", "shared-deps"]
ARNS = {key: f"arn:aws:lambda:eu-west-1:123456789012:layer:cr2a-{key}:1" for key in KEYS}
API = [ARNS["shared-code"], ARNS["core-deps"], ARNS["optional-deps"]]
WORKER = [ARNS["shared-deps"]]

LATER_JOB = """
  later:
    needs: layers
    runs-on: ubuntu-24.04
    steps:
      - env:
          OUTPUTS: ${{ toJSON(needs.layers.outputs) }}
        run: printenv OUTPUTS >"$ACT_STUB_STATE/outputs.json"
"""

CONTRACT = """{
  "title": "Supply <of bolts>",
  "parties": ["Anvil", "Bellows"],
  "clauses": [{"number": "4", "kind": "liability", "text": "Unlimited liability of the buyer."}]
}"""

ASK = """
import base64, json, sys
from src.cr2a.api import handler

event = {"requestContext": {"http": {"method": "POST"}}, "rawPath": "/reviews"}
event |= {"headers": {"accept": sys.argv[1]}, "body": sys.stdin.read()}
answer = handler(event, None)
sys.stdout.buffer.write(base64.b64decode(answer["body"]))
sys.exit(answer["statusCode"] != 200)
"""

PYTHON = interpreter.find_interpreter(
    Target(python=Python("3.12"), architecture=Architecture.X86_64), os.environ
)


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """Give the address of an AWS that has the example's functions."""
    with serve_aws("cr2a-api", "cr2a-worker") as url:
        yield url


@pytest.fixture(scope="module")
def on_main(
    act: Path, action: Path, aws: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Stage, Run]:
    """Play the workflow on main, word for word."""
    tmp = tmp_path_factory.mktemp("main")
    stage = Stage(act=act, action=action, tmp=tmp, environ={"AWS_ENDPOINT_URL": aws})
    return stage, stage.play(WORKFLOW + LATER_JOB, EXAMPLE)


def artifact(stage: Stage, ending: str = "") -> Path:
    """Give the folder of an artifact."""
    (found,) = (stage.state / "artifacts").glob(f"layers-layers.yml-????????{ending}")
    return found


JOBS = {"plan", "build-x86_64", "publish", "attach", "later"}


def test_on_main_a_later_job_reads_the_arns(on_main: tuple[Stage, Run]) -> None:
    stage, run = on_main
    assert {job for job, result in run.jobs.items() if result == "success"} >= JOBS, run.errors
    assert {run.jobs["build-arm64"], run.jobs["comment"]} == {"skipped"}
    outputs = json.loads((stage.state / "outputs.json").read_text())
    assert {key: outputs[f"{key}-arn"] for key in KEYS} == ARNS
    assert json.loads(outputs["layer-arns"]) == ARNS
    assert json.loads(outputs["function-layers"]) == {"api": API, "worker": WORKER}
    assert outputs["artifact"] == artifact(stage).name


def test_on_main_each_function_gets_its_layers_in_stack_order(
    on_main: tuple[Stage, Run], aws: str
) -> None:
    assert on_main
    api = client(aws, "lambda")
    for name, layers in {"cr2a-api": API, "cr2a-worker": WORKER}.items():
        has = api.get_function_configuration(FunctionName=name)["Layers"]
        assert [one["Arn"] for one in has] == layers


def test_the_action_declares_every_output_that_it_sets(on_main: tuple[Stage, Run]) -> None:
    _, run = on_main
    step = run.steps["publish/layers"]
    assert step.leaked == {}
    assert step.outputs.keys() == run.steps["publish/layers/run"].outputs.keys()


def test_zips_and_reports_are_kept_as_artifacts(on_main: tuple[Stage, Run]) -> None:
    stage, run = on_main
    kept = {path.name for path in artifact(stage, "-zips-x86_64").iterdir()}
    zips = {f"cr2a-{key}.{end}" for key in KEYS for end in ("zip", "layer.json")}
    assert kept == {*zips, "report-x86_64.json"}
    assert {"report.json", "report.html", "report.md", "layers.json"} <= {
        path.name for path in artifact(stage).iterdir()
    }
    report = (artifact(stage) / "report.md").read_text()
    assert run.steps["publish/layers/run"].summary == report + "\n"


@pytest.fixture(scope="module")
def opt(on_main: tuple[Stage, Run], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the api's layers as Lambda does."""
    folder = tmp_path_factory.mktemp("opt")
    for key in ("shared-code", "core-deps", "optional-deps"):
        with zipfile.ZipFile(artifact(on_main[0], "-zips-x86_64") / f"cr2a-{key}.zip") as file:
            file.extractall(folder)
    return folder


@pytest.mark.skipif(PYTHON is None, reason="no Python 3.12 for x86_64 to load the layers")
@pytest.mark.parametrize(
    ("accept", "parts"),
    [
        (
            "text/html",
            [b"<h1>Supply &lt;of bolts&gt;</h1>", b"<li>Clause 4: liability has no cap</li>"],
        ),
        ("application/pdf", [b"%PDF-"]),
    ],
)
def test_the_api_runs_on_its_three_layers(opt: Path, accept: str, parts: list[bytes]) -> None:
    assert PYTHON is not None
    done = subprocess.run(
        [PYTHON.path, "-c", ASK, accept],
        input=CONTRACT.encode(),
        env={"PYTHONPATH": str(opt / "python")},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert [part for part in parts if part not in done.stdout] == []


def test_a_pull_request_publishes_nothing_and_needs_no_credentials(stage: Stage) -> None:
    manifest = (Path(__file__).with_name("manifests") / "small.yml").read_text()
    pull_request = {
        "pull_request": {"number": 7, "head": {"ref": "topic"}, "base": {"ref": "main"}},
        "repository": {"default_branch": "main"},
    }

    with serve(lambda *_: (500, {})) as aws, serve(lambda *_: (403, {})) as github:
        around = {"AWS_ENDPOINT_URL": aws.url, "GITHUB_API_URL": github.url}
        around |= {"GITHUB_GRAPHQL_URL": f"{github.url}/graphql"}
        run = replace(stage, environ=around).play(
            WORKFLOW, {"layers.yml": manifest}, event="pull_request", payload=pull_request
        )

    assert (run.jobs["comment"], run.jobs["publish"], run.jobs["attach"]) == (
        "success",
        "skipped",
        "skipped",
    ), run.errors
    step = run.steps["comment/layers"]
    assert (step.outputs["layer-arns"], step.outputs["published"]) == ("{}", "[]")
    assert "dry run, 1 would be published" in run.steps["comment/layers/run"].log
    assert "no run of main has kept a report" in run.steps["comment/last"].log
    assert aws.asked == []
