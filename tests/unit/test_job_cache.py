"""When the action restores and keeps a cache, and what it says of who may have written it."""

import importlib.util
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
OURS = "somebody/cr2a"
PUSH = {
    "RUNNER_ENVIRONMENT": "github-hosted",
    "RUNNER_OS": "Linux",
    "RUNNER_ARCH": "X64",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_REF": "refs/heads/main",
    "GITHUB_REF_TYPE": "branch",
    "GITHUB_REPOSITORY": OURS,
    "INPUT_CACHE": "auto",
    "INPUT_COMMAND": "publish",
}
OFF = {"folder": "", "trust": ""}
Decide: TypeAlias = Callable[..., dict[str, str]]


def pull_request(head: object) -> dict[str, object]:
    return {"pull_request": {"head": {"repo": head}}}


@pytest.fixture
def decide(tmp_path: Path) -> Decide:
    """Run the program as the action's first step does; gives its outputs."""
    spec = importlib.util.spec_from_file_location(
        "job_cache", ROOT / "layer_builder/github/programs/job_cache.py"
    )
    assert spec
    assert spec.loader
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)

    def run(event: object = None, **changed: str) -> dict[str, str]:
        (tmp_path / "event.json").write_text(json.dumps(event))
        (tmp_path / "outputs").write_text("")
        environ = PUSH | {"HOME": str(tmp_path / "home"), "RUNNER_TEMP": str(tmp_path / "temp")}
        environ |= {"GITHUB_EVENT_PATH": str(tmp_path / "event.json")}
        environ |= {"GITHUB_OUTPUT": str(tmp_path / "outputs")}
        program.start(environ | changed)
        lines = (tmp_path / "outputs").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    return run


def test_on_a_push_to_a_branch_it_is_restored_kept_and_trusted(
    decide: Decide, tmp_path: Path
) -> None:
    said = decide()
    place = str(tmp_path / "home/.cache/lambda-layer-builder-job")
    python = "py{}.{}".format(*sys.version_info)
    assert said | {"key": "", "less": ""} == {
        "folder": place, "trust": "all", "restore": "true", "save": "true", "key": "", "less": "",
    }  # fmt: skip
    assert said["less"].startswith(f"layer-builder-1-Linux-X64-{python}-")
    assert said["key"].startswith(said["less"])


@pytest.mark.parametrize(
    "changed",
    [
        {"INPUT_CACHE": "false"},
        {"INPUT_CACHE": "maybe"},
        {"INPUT_COMMAND": "plan"},
        {"INPUT_COMMAND": "attach"},
        {"INPUT_BUILD": "never"},
        {"LAYER_BUILDER_NO_CACHE": "1"},
        {"GITHUB_EVENT_NAME": "release"},
        {"GITHUB_EVENT_NAME": "create"},
        {"GITHUB_EVENT_NAME": ""},
        {"GITHUB_REF": "refs/tags/v1", "GITHUB_REF_TYPE": "tag"},
        {"GITHUB_REF": "refs/tags/v1", "GITHUB_REF_TYPE": ""},
        {"GITHUB_EVENT_NAME": "workflow_dispatch", "GITHUB_REF_TYPE": "tag"},
        *({"GITHUB_EVENT_NAME": name} for name in ("pull_request_target", "workflow_run", "issue_comment")),
        {"RUNNER_ENVIRONMENT": "self-hosted"},
        {"RUNNER_ENVIRONMENT": ""},
        {"HOME": ""},
    ],
)  # fmt: skip
def test_nothing_is_restored_or_kept(decide: Decide, changed: dict[str, str]) -> None:
    assert decide(**changed) == OFF


@pytest.mark.parametrize("event", ["pull_request_target", "workflow_run", "issue_comment"])
def test_no_word_opens_the_default_branchs_cache_to_strangers(decide: Decide, event: str) -> None:
    assert decide(GITHUB_EVENT_NAME=event, INPUT_CACHE="true") == OFF


def test_a_folder_that_the_caller_keeps_stays_the_callers(decide: Decide) -> None:
    assert decide(LAYER_BUILDER_CACHE_DIR="/mine") == {"folder": "/mine", "trust": ""}


@pytest.mark.parametrize(
    ("event", "payload", "trust"),
    [
        *((name, None, "all") for name in ("push", "schedule", "merge_group", "workflow_dispatch")),
        ("pull_request", pull_request({"full_name": OURS}), "all"),
        ("pull_request", pull_request({"full_name": "Somebody/CR2A"}), "all"),
        ("pull_request", pull_request({"full_name": "stranger/cr2a"}), "verified"),
        ("pull_request", pull_request(None), "verified"),  # the fork was deleted
        ("pull_request", None, "verified"),
        ("pull_request", [1], "verified"),
    ],
)
def test_only_what_is_of_this_repository_is_trusted_and_kept(
    decide: Decide, event: str, payload: object, trust: str
) -> None:
    said = decide(payload, GITHUB_EVENT_NAME=event)
    assert (said["restore"], said["trust"]) == ("true", trust)
    assert said["save"] == ("true" if trust == "all" else "false")


def test_a_pull_request_without_a_readable_event_is_not_trusted(decide: Decide) -> None:
    said = decide(GITHUB_EVENT_NAME="pull_request", GITHUB_EVENT_PATH="/nowhere")
    assert said["trust"] == "verified"
    said = decide(pull_request({"full_name": ""}), GITHUB_EVENT_NAME="pull_request", GITHUB_REPOSITORY="")  # fmt: skip
    assert said["trust"] == "verified"


def test_true_keeps_it_on_other_machines_and_for_releases(decide: Decide, tmp_path: Path) -> None:
    assert decide(INPUT_CACHE="true", GITHUB_EVENT_NAME="release")["trust"] == "all"
    assert decide(INPUT_CACHE="true", GITHUB_EVENT_NAME="create")["trust"] == "verified"
    assert decide(INPUT_CACHE="true", LAYER_BUILDER_CACHE_DIR="/mine")["folder"] != "/mine"
    left = tmp_path / "temp/lambda-layer-builder-job/of-another-job"
    left.parent.mkdir(parents=True)
    left.touch()
    said = decide(INPUT_CACHE="true", RUNNER_ENVIRONMENT="self-hosted")
    assert said["folder"] == str(left.parent)
    assert not left.exists()


def test_a_key_begins_with_machine_manifest_and_selection(decide: Decide) -> None:
    same = [{"INPUT_LAYERS": text} for text in ("a, b", "b\na")]
    assert len({decide(**one)["key"] for one in same}) == 1
    others: list[dict[str, str]] = [
        {}, same[0], {"INPUT_PYTHON": "3.12"}, {"INPUT_ARCHITECTURE": "3.12"}, {"INPUT_MANIFEST": "b/layers.yml"},
        {"RUNNER_ARCH": "ARM64"}, {"RUNNER_OS": "Other"},
    ]  # fmt: skip
    found = [decide(**one) for one in others]
    assert len({one["key"] for one in found}) == len(others)
    assert len({one["less"] for one in found}) == 4
    hostile = decide(INPUT_MANIFEST="a,b\nrestore=x.yml", INPUT_LAYERS="a'\"$(x)\x01")
    assert set(hostile) == set(found[0])
    assert "," not in hostile["key"]


def test_a_value_that_could_be_read_as_two_outputs_is_left_out(decide: Decide) -> None:
    assert decide(LAYER_BUILDER_CACHE_DIR="/mine\nrestore=true") == {"trust": ""}


@pytest.fixture(scope="module")
def steps() -> list[dict[str, Any]]:
    """Read the steps of action.yml."""
    found = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))["runs"]["steps"]
    assert isinstance(found, list)
    return found


def test_the_action_does_what_was_decided(steps: list[dict[str, Any]]) -> None:
    decide, restore, run, keep = steps
    assert [step["id"] for step in steps] == ["cache", "restore", "run", "keep"]
    # The cache never fails a run; the run itself does.
    assert [step.get("continue-on-error") for step in steps] == [True, True, None, True]
    # Neither is `actions/cache`, whose post step keeps whatever there is.
    pins = {step["uses"].partition("@")[2] for step in (restore, keep)}
    assert [step["uses"].partition("@")[0] for step in (restore, keep)] == ["actions/cache/restore", "actions/cache/save"]  # fmt: skip
    assert len(pins) == 1
    assert len(pins.pop()) == 40
    assert restore["if"] == "steps.cache.outputs.restore == 'true'"
    assert "steps.cache.outputs.save == 'true'" in keep["if"]
    assert "steps.run.outputs.cache-key != ''" in keep["if"]
    assert {step["with"]["path"] for step in (restore, keep)} == {"${{ steps.cache.outputs.folder }}"}  # fmt: skip
    assert keep["with"]["key"].startswith(restore["with"]["key"])
    assert run["env"]["LAYER_BUILDER_CACHE_DIR"] == "${{ steps.cache.outputs.folder }}"
    assert run["env"]["LAYER_BUILDER_CACHE_TRUST"] == "${{ steps.cache.outputs.trust }}"
    read = set(decide["env"])
    assert read == {f"INPUT_{name}" for name in ("CACHE", "COMMAND", "BUILD", "MANIFEST", "LAYERS", "PYTHON", "ARCHITECTURE")}  # fmt: skip
    assert decide["env"].items() <= run["env"].items()


def test_the_reusable_workflow_keeps_it_where_it_builds_alone() -> None:
    path = ROOT / ".github/workflows/publish-layers.yml"
    workflow = yaml.safe_load(path.read_text("utf-8"))
    assert workflow[True]["workflow_call"]["inputs"]["cache"]["default"] == "auto"
    for job, of in workflow["jobs"].items():
        given = next((step["with"] for step in of["steps"] if step.get("uses", "").startswith("layer-builder/")), None)  # fmt: skip
        if given is None:
            assert job == "attest"
        elif job.startswith("build-"):
            assert given["cache"] == "${{ inputs.cache }}"
        else:
            assert given["command"] in {"plan", "attach"} or given["build"] == "never"
