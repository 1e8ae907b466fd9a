"""Workflows as the docs have them, pasted into a repository: not a word is changed."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from .act import Run
from .remote import serve_aws
from .stage import ROOT, Stage

README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = {
    "src/shop.py": "PRICE = 2\n",
    "requirements.txt": "six==1.17.0\n",
    "functions/api/app.py": "import six\nfrom src import shop\n\ndef handler(event, context):\n    return shop.PRICE\n",
    "tests/events/api-1.json": "{}",
}


def blocks(text: str) -> list[str]:
    """Give the YAML of a page, block by block."""
    return re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """Give the address of an AWS that has the README's function."""
    with serve_aws("myproject-api") as url:
        yield url


@pytest.fixture
def stage(act: Path, action: Path, aws: str, tmp_path: Path) -> Stage:
    """Give a stage before that AWS."""
    return Stage(act=act, action=action, tmp=tmp_path, environ={"AWS_ENDPOINT_URL": aws})


def played(stage: Stage, workflow: str, files: Mapping[str, str]) -> Run:
    """Play it on main; all jobs succeed or are skipped."""
    run = stage.play(workflow, files)
    assert set(run.jobs.values()) <= {"success", "skipped"}, (run.jobs, run.errors)
    assert run.jobs.get("publish", "success") == "success"
    return run


def reports(stage: Stage) -> dict[str, Any]:
    """Give the reports that were kept, by their manifest."""
    found = [
        json.loads(path.read_text())
        for path in (stage.state / "artifacts").glob("layers-*/report.json")
        if not re.search(r"-(report|zips)-(x86_64|arm64)$", path.parent.name)
    ]
    return {report["manifest"]: report for report in found}


def test_the_first_workflow_of_the_readme_runs_word_for_word(stage: Stage) -> None:
    workflow, manifest = blocks(README)[:2]
    assert "publish-layers.yml@v" in workflow
    played(stage, workflow, {"layers.yml": manifest, **PROJECT})
    report = reports(stage)["layers.yml"]
    assert report["command"] == "publish"
    # Proven in the job that built, told by the one that published.
    (function,) = report["functions"]
    assert function["proof"]["events"][0]["answer"] == "2"


def test_the_workflow_of_init_runs_word_for_word(stage: Stage, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    project = {
        "requirements.txt": "six==1.17.0\n",
        "app.py": "import six\ndef handler(event, context):\n    return six.PY3\n",
    }
    for name, text in project.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    subprocess.run(["git", "init", "-q", folder], check=True)
    words = [sys.executable, "-m", "layer_builder", "init", "--workflow"]
    around = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(words, cwd=folder, check=True, capture_output=True, env=around)
    written = folder / ".github" / "workflows" / "publish-layers.yml"
    files = {**project, "layers.yml": (folder / "layers.yml").read_text()}
    played(stage, written.read_text(), files)
    assert reports(stage)["layers.yml"]["command"] == "publish"


def section(heading: str) -> str:
    """Give the workflow of a section of docs/workflow.md."""
    page = (ROOT / "docs" / "workflow.md").read_text(encoding="utf-8")
    (workflow,) = blocks(page.partition(f"## {heading}\n")[2].partition("\n## ")[0])
    return workflow


def test_the_matrix_of_the_docs_hands_on_digests_and_the_report(stage: Stage) -> None:
    """With one leg, whose index is filled in here.

    act has no `strategy.job-index`, and the first leg's outputs, empty ones too, stand for all.
    """
    files = {"layers.yml": blocks(README)[1], **PROJECT}
    workflow = section("Many layers").replace("${{ strategy.job-index }}", "0")
    run = played(stage, workflow, files)
    log = "".join(one.log for one in run.steps.values())
    assert log.count(": took up ") == 2
    assert "the report of a leg is missing" not in log


@pytest.mark.parametrize("heading", ["Two manifests", "Two in one job"])
def test_two_manifests_run_as_the_docs_show_it(stage: Stage, heading: str) -> None:
    workflow = section(heading)
    manifest = 'version: 1\npython: "3.12"\nlayers: {KEY: {include: [code.py]}}\n'
    files = {
        f"{name}/{file}": text.replace("KEY", name)
        for name in ("infra", "web")
        for file, text in {"layers.yml": manifest, "code.py": "A = 1\n"}.items()
    }
    # act gives the steps of both calls one name, so that the outputs of the second look left over.
    stage = replace(stage, lets_leak=heading == "Two manifests")
    run = played(stage, workflow, files)
    if heading == "Two in one job":
        told = {key: run.steps[f"layers/{key}"].outputs["output-dir"] for key in ("infra", "web")}
        assert told == {"infra": "dist/layers", "web": "dist/layers-web-layers"}
        assert '"manifest": "web/layers.yml"' in "".join(one.log for one in run.steps.values())
        return
    found = reports(stage)
    assert {name: len(report["layers"]) for name, report in found.items()} == {
        "infra/layers.yml": 1,
        "web/layers.yml": 1,
    }
