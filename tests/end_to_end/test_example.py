"""examples/cr2a/publish-layers.yml, as somebody would copy it."""

import base64
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

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

CONTRACT = {
    "title": "Supply <of bolts>",
    "parties": ["Anvil", "Bellows"],
    "clauses": [{"number": "4", "kind": "liability", "text": "Unlimited liability of the buyer."}],
}


def _attached(function: str, arns: list[str]) -> list[list[str]]:
    name = ["--function-name", function]
    return [
        ["lambda", "update-function-configuration", *name, "--layers", *arns],
        ["lambda", "wait", "function-updated-v2", *name],
    ]


def _in_sandbox(workflow: str) -> str:
    asked = "sandbox: ${{ github.ref != 'refs/heads/main' }}"
    assert workflow.count(asked) == 1
    return workflow.replace(asked, 'sandbox: "true"')


def test_main_publishes_and_the_functions_get_their_layers_in_order(stage: Stage) -> None:
    run = stage.play(_in_sandbox(WORKFLOW) + LATER_JOB, EXAMPLE)

    assert run.jobs == {"layers": "success", "deploy": "success", "later": "success"}, run.errors
    outputs = json.loads((stage.state / "outputs.json").read_text())
    assert {f"{key}-arn": outputs.pop(f"{key}-arn") for key in KEYS} == {
        f"{key}-arn": arn for key, arn in ARNS.items()
    }
    assert {name: json.loads(text) for name, text in outputs.items()} == {
        "layer-arns": ARNS,
        "function-layers": {"api": API, "worker": WORKER},
    }
    assert stage.aws_calls == [*_attached("cr2a-api", API), *_attached("cr2a-worker", WORKER)]
    assert run.steps["layers/layers"].leaked == {}
    assert "4 published to the sandbox" in run.steps["layers/layers/run"].summary

    kept = stage.state / "artifacts" / "layers"
    zips = {f"cr2a-{key}.zip" for key in KEYS}
    assert {*zips, "report.json", "report.html", "report.md"} <= set(os.listdir(kept))
    _review_a_contract(kept, stage.tmp)


def _review_a_contract(zips: Path, tmp: Path) -> None:
    """Load the api's layers as Lambda does, in a Python 3.12, and ask its handler."""
    python = _python_312(tmp)
    if python is None:
        return
    for key in ("shared-code", "core-deps", "optional-deps"):
        with zipfile.ZipFile(zips / f"cr2a-{key}.zip") as file:
            file.extractall(tmp / "opt")
    event = {
        "requestContext": {"http": {"method": "POST"}},
        "rawPath": "/reviews",
        "body": json.dumps(CONTRACT),
    }
    program = "import json, sys; from src.cr2a.api import handler; "
    program += "json.dump(handler(json.load(sys.stdin), None), sys.stdout)"
    done = subprocess.run(
        [python, "-c", program],
        input=json.dumps(event),
        env={"PYTHONPATH": str(tmp / "opt" / "python"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    page = base64.b64decode(answer["body"]).decode()
    assert answer["statusCode"] == 200
    assert "<h1>Supply &lt;of bolts&gt;</h1>" in page
    assert "<li>Clause 4: liability has no cap</li>" in page
