"""examples/cr2a/publish-layers.yml, as somebody would copy it."""

import json
import os
import subprocess
import zipfile
from pathlib import Path

import pytest

from layer_builder.model.target import Architecture, Python, Target
from layer_builder.prove import interpreter

from .act import Run
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
def on_main(act: Path, action: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Stage, Run]:
    """Play the workflow on main; of its text only what `sandbox` is set to differs."""
    asked = "sandbox: ${{ github.ref != 'refs/heads/main' }}"
    assert WORKFLOW.count(asked) == 1
    stage = Stage(act=act, action=action, tmp=tmp_path_factory.mktemp("main"))
    text = WORKFLOW.replace(asked, 'sandbox: "true"') + LATER_JOB
    return stage, stage.play(text, EXAMPLE)


def test_on_main_a_later_job_reads_the_arns(on_main: tuple[Stage, Run]) -> None:
    stage, run = on_main
    assert run.jobs == {"layers": "success", "deploy": "success", "later": "success"}, run.errors
    outputs = json.loads((stage.state / "outputs.json").read_text())
    by_name = {key: outputs.pop(f"{key}-arn") for key in KEYS}
    assert by_name == ARNS
    assert {name: json.loads(text) for name, text in outputs.items()} == {
        "layer-arns": ARNS,
        "function-layers": {"api": API, "worker": WORKER},
    }


def test_on_main_each_function_gets_its_layers_in_stack_order(on_main: tuple[Stage, Run]) -> None:
    stage, _ = on_main
    api, worker = ["--function-name", "cr2a-api"], ["--function-name", "cr2a-worker"]
    assert stage.aws_calls == [
        ["lambda", "update-function-configuration", *api, "--layers", *API],
        ["lambda", "wait", "function-updated-v2", *api],
        ["lambda", "update-function-configuration", *worker, "--layers", *WORKER],
        ["lambda", "wait", "function-updated-v2", *worker],
    ]


def test_the_action_declares_every_output_that_it_sets(on_main: tuple[Stage, Run]) -> None:
    _, run = on_main
    step = run.steps["layers/layers"]
    assert step.leaked == {}
    assert step.outputs.keys() == run.steps["layers/layers/run"].outputs.keys()


def test_zips_and_reports_are_kept_as_an_artifact(on_main: tuple[Stage, Run]) -> None:
    stage, run = on_main
    kept = {path.name for path in (stage.state / "artifacts" / "layers").iterdir()}
    assert {"report.json", "report.html", "report.md", *(f"cr2a-{key}.zip" for key in KEYS)} <= kept
    report = (stage.state / "artifacts" / "layers" / "report.md").read_text()
    assert run.steps["layers/layers/run"].summary == report + "\n"


@pytest.fixture(scope="module")
def opt(on_main: tuple[Stage, Run], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Unpack the api's layers as Lambda does."""
    folder = tmp_path_factory.mktemp("opt")
    for key in ("shared-code", "core-deps", "optional-deps"):
        with zipfile.ZipFile(on_main[0].state / "artifacts" / "layers" / f"cr2a-{key}.zip") as file:
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
        "pull_request": {"number": 7, "head": {"ref": "topic"}, "base": {"ref": "main"}}
    }

    run = stage.play(WORKFLOW, {"layers.yml": manifest}, event="pull_request", payload=pull_request)

    assert run.jobs == {"layers": "success", "deploy": "skipped"}, run.errors
    assert run.steps["layers/1"].result == "skipped"  # signs in
    step = run.steps["layers/layers"]
    assert (step.outputs["layer-arns"], step.outputs["published"]) == ("{}", "[]")
    assert "dry run, 1 would be published" in run.steps["layers/layers/run"].log
    assert (stage.state / "artifacts" / "layers" / "deps.zip").exists()
