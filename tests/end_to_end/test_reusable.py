"""The reusable workflow, as a repository of somebody else calls it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from .act import Run, Step
from .remote import Remote, client, serve, serve_aws
from .stage import Stage

CALLER = """
on: [push, pull_request]
permissions: {}
jobs:
  layers:
    uses: layer-builder/layer-builder/.github/workflows/publish-layers.yml@v0.2.0
    permissions: {contents: read, actions: read, attestations: write, id-token: write, pull-requests: write}
    with:
      manifest: infra/layers.yml
      aws-region: eu-west-1, eu-central-1
      role-to-assume: a-role
      environment: production
{more}
  later:
    needs: layers
    runs-on: ubuntu-24.04
    steps:
      - env:
          OUTPUTS: ${{ toJSON(needs.layers.outputs) }}
        run: printenv OUTPUTS >"$ACT_STUB_STATE/outputs.json"
"""

HEAD = """
version: 1
python: ["3.12", "3.13"]
architecture: [x86_64, arm64]
name: "{layer}-{python}-{architecture}"
layers:
"""
TWELVE = (
    HEAD
    + """
  low: {packages: [six==1.16.0]}
  high: {packages: [MarkupSafe], requires: [low]}
  code: {include: [src/]}
functions:
  f: {function-name: real-f, layers: [low, high], python: "3.12", architecture: x86_64}
"""
)
ONE = HEAD.replace('["3.12", "3.13"]', '"3.12"') + "  low: {packages: [six==1.17.0]}\n"
TARGETS = [f"{p}-{a}" for p in ("312", "313") for a in ("x86_64", "arm64")]
STEMS = {f"{key}-{target}" for key in ("low", "high", "code") for target in TARGETS}
PULL_REQUEST = {
    "pull_request": {"number": 7, "head": {"ref": "topic"}, "base": {"ref": "main"}},
    "repository": {"default_branch": "main"},
}


def play(stage: Stage, manifest: str, *, more: str = "", **event: Any) -> Run:  # noqa: ANN401 (what Stage.play takes)
    """Play the caller's workflow with a manifest in a folder."""
    files = {"infra/layers.yml": manifest, "infra/src/a.py": "A = 1\n"}
    files |= event.pop("files", {})
    return stage.play(CALLER.replace("{more}", more), files, **event)


def step(run: Run, ending: str) -> Step:
    """Give the one step whose key ends so."""
    (found,) = [found for key, found in run.steps.items() if key.endswith(ending)]
    return found


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """Give the address of an AWS that has the function real-f."""
    with serve_aws("real-f", regions=("eu-west-1", "eu-central-1")) as url:
        yield url


def versions(url: str, region: str = "eu-west-1") -> dict[str, int]:
    """Count what is published, by layer name."""
    api = client(url, "lambda", region)
    return {
        stem: len(api.list_layer_versions(LayerName=stem)["LayerVersions"])
        for stem in sorted(STEMS)
    }


@pytest.fixture(scope="module")
def published(
    act: Path, action: Path, aws: str, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Stage, Run]:
    """Play it with three layers, two Pythons and two architectures, and attach."""
    tmp = tmp_path_factory.mktemp("published")
    stage = Stage(act=act, action=action, tmp=tmp, environ={"AWS_ENDPOINT_URL": aws})
    return stage, play(stage, TWELVE, more="      attach: true\n")


def test_twelve_zips_are_taken_up_and_published(published: tuple[Stage, Run], aws: str) -> None:
    stage, run = published
    assert set(run.jobs.values()) <= {"success", "skipped"}, (run.jobs, run.errors)
    log = step(run, "publish/layers/run").log
    assert log.count(": took up ") == len(STEMS) == 12
    assert "setting up layer-builder" in log
    # Of what is built here it would say true or false.
    assert step(run, "publish/layers").outputs["isolated"] == ""
    assert versions(aws) == versions(aws, "eu-central-1") == dict.fromkeys(sorted(STEMS), 1)
    outputs = json.loads((stage.state / "outputs.json").read_text())
    assert json.loads(outputs["digests"]).keys() == STEMS
    assert len(json.loads(outputs["layer-arns"])["low"]) == len(TARGETS)
    assert json.loads(outputs["published"]) == ["low", "high", "code"]


def test_the_function_has_the_layers_that_were_published(
    published: tuple[Stage, Run], aws: str
) -> None:
    stage, _ = published
    outputs = json.loads((stage.state / "outputs.json").read_text())
    api = client(aws, "lambda")
    has = api.get_function_configuration(FunctionName="real-f")["Layers"]
    assert [one["Arn"] for one in has] == json.loads(outputs["function-layers"])["f"]


@pytest.mark.parametrize("other", ["", "1"], ids=["ours", "others"])
def test_zips_are_published_with_a_provenance_of_their_own(
    act: Path, action: Path, no_aws: Remote, tmp_path: Path, other: str
) -> None:
    environ = {"AWS_ENDPOINT_URL": no_aws.url, "STAND_IN_SIGNS_OTHERS": other}
    stage = Stage(act=act, action=action, tmp=tmp_path, environ=environ)
    run = play(stage, ONE, more='      attest: "true"\n')
    attested = (stage.state / "attested.sha256").read_text().split()
    assert attested[1::2] == ["low-312-x86_64.zip", "low-312-arm64.zip"]
    # AWS refuses here: what counts is whether it was asked at all.
    assert "failure" in run.jobs.values(), run.jobs
    assert bool(no_aws.asked) is not bool(other)


def test_a_second_run_publishes_nothing(
    published: tuple[Stage, Run], act: Path, action: Path, aws: str, tmp_path: Path
) -> None:
    assert published
    before = versions(aws)
    stage = Stage(act=act, action=action, tmp=tmp_path, environ={"AWS_ENDPOINT_URL": aws})
    run = play(stage, TWELVE)
    assert set(run.jobs.values()) <= {"success", "skipped"}, (run.jobs, run.errors)
    outputs = json.loads((stage.state / "outputs.json").read_text())
    assert json.loads(outputs["published"]) == []
    assert json.loads(outputs["unchanged"]) == ["low", "high", "code"]
    assert versions(aws) == before


@pytest.fixture
def no_aws() -> Iterator[Remote]:
    """Stand where AWS would be, and refuse."""
    with serve(lambda *_: (500, {})) as remote:
        yield remote


TAMPER = """
import hashlib, json, zipfile
from pathlib import Path
for path in Path().glob("low*-x86_64.zip"):
    before = hashlib.sha256(path.read_bytes()).hexdigest()
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("python/evil.py", "EVIL = 1")
    after = hashlib.sha256(path.read_bytes()).hexdigest()
    note = path.with_suffix(".layer.json")
    note.write_text(note.read_text().replace(before, after))
"""


def test_a_zip_that_was_changed_with_its_note_is_refused_before_aws(
    stage: Stage, no_aws: Remote
) -> None:
    meddled = replace(stage, environ={"AWS_ENDPOINT_URL": no_aws.url}, meddler=TAMPER)
    run = play(meddled, ONE)
    assert "failure" in run.jobs.values()
    held = step(run, "publish/zips")
    assert held.result == "failure"
    assert "low-312-x86_64.zip is not the zip that was built" in held.log
    assert no_aws.asked == []


def test_one_leg_that_fails_keeps_all_from_being_published(stage: Stage, no_aws: Remote) -> None:
    manifest = ONE + "  broken: {packages: [six], architecture: x86_64, imports: [not_there]}\n"
    run = play(replace(stage, environ={"AWS_ENDPOINT_URL": no_aws.url}), manifest)
    assert "failure" in run.jobs.values()
    assert not any("publish/" in key and found.result for key, found in run.steps.items())
    assert step(run, "build-x86_64/layers").result == "failure"
    assert step(run, "build-arm64/layers").result == "success"
    assert no_aws.asked == []


def test_a_pull_request_gets_a_comment_and_reaches_no_aws(
    stage: Stage, published: tuple[Stage, Run], no_aws: Remote
) -> None:
    (report,) = (published[0].state / "artifacts").glob("layers-infra-layers.yml-*/layers.json")
    baseline = report.with_name("report.json").read_text()
    comments: list[str] = []

    def api(method: str, path: str, body: bytes) -> tuple[int, Any]:
        if method == "POST" and path.endswith("/issues/7/comments"):
            comments.append(json.loads(body)["body"])
            return 201, {"id": 1}
        if path == "/user":
            return 200, {"login": "github-actions[bot]"}
        return (200, []) if path.partition("?")[0].endswith("/comments") else (200, {"number": 7})

    with serve(api) as github:
        around = {"AWS_ENDPOINT_URL": no_aws.url, "GITHUB_API_URL": github.url}
        around |= {"GITHUB_GRAPHQL_URL": f"{github.url}/graphql"}
        run = play(
            replace(stage, environ=around), ONE, more="      baseline: infra/before.json\n",
            files={"infra/before.json": baseline}, event="pull_request", payload=PULL_REQUEST,
        )  # fmt: skip
    assert set(run.jobs.values()) <= {"success", "skipped"}, (run.jobs, run.errors)
    (comment,) = comments
    assert "six 1.16.0 → 1.17.0" in comment
    assert no_aws.asked == []
    outputs = json.loads((stage.state / "outputs.json").read_text())
    assert json.loads(outputs["would-publish"]) == ["low"]
    # GitHub hands on nothing of a job that was skipped; act may.
    assert "arn:" not in outputs["layer-arns"]
