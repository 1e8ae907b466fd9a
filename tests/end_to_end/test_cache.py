"""What the action keeps between jobs, with a stand-in for GitHub's cache service."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from .act import Run
from .stage import Stage

MANIFEST = 'version: 1\npython: "3.12"\nlayers:\n  deps: {packages: [six==1.17.0]}\n'
HOSTED = {"RUNNER_ENVIRONMENT": "github-hosted"}
TAG = {"ref": "refs/tags/v1"}
WORKFLOW = """
on: [push, pull_request, pull_request_target, release, workflow_run]
jobs:
  layers:
    runs-on: ubuntu-24.04
    env: {LAYER_BUILDER_NO_CACHE: ""}
    steps:
      - uses: actions/checkout@v7
      - id: layers
        uses: layer-builder/layer-builder@v0.2.0
        with: {command: build, more}
"""
RUN, RESTORE, SAVE = (f"layers/layers/{name}" for name in ("run", "restore", "keep"))
PULL = {"pull_request": {"number": 7, "head": {"ref": "t", "repo": {"full_name": "somebody/cr2a"}}, "base": {"ref": "main"}}}  # fmt: skip


@pytest.fixture
def play(stage: Stage, tmp_path: Path) -> Any:  # noqa: ANN401 (a function with words of its own)
    """Play a run, each on a machine that is new, beside one cache service."""
    count = iter(range(9))

    def one(*, more: str = "", manifest: str = MANIFEST, is_up: bool = True, **event: Any) -> Run:  # noqa: ANN401 (what Stage.play takes)
        tmp = tmp_path / f"run-{next(count)}"
        tmp.mkdir()
        caches = tmp_path / "caches" if is_up else None
        environ = HOSTED | {"XDG_CACHE_HOME": str(tmp / "xdg")} | event.pop("environ", {})
        fresh = replace(stage, tmp=tmp, caches=caches, environ=environ)
        run = fresh.play(WORKFLOW.replace(", more", more), {"layers.yml": manifest}, **event)
        expected = "success" if manifest == MANIFEST else "failure"
        assert run.jobs == {"layers": expected}, (run.errors, run.steps)
        return run

    return one


def keys(tmp_path: Path, scope: str = "main") -> list[str]:
    """Give the keys of what the service has, the oldest first."""
    kept = (tmp_path / "caches" / scope).glob("*")
    return [path.name for path in sorted(kept, key=lambda path: path.stat().st_ctime_ns)]


def result(run: Run, step: str) -> str:
    """Say what became of a step; nothing where it was left out."""
    return run.steps[step].result if step in run.steps else ""


def test_a_second_run_restores_what_the_first_one_saved_and_builds_nothing(
    play: Any,  # noqa: ANN401 (see there)
    tmp_path: Path,
) -> None:
    first = play()
    (key,) = keys(tmp_path)
    assert key.startswith("layer-builder-1-")
    assert "deps: zipped" in first.steps[RUN].log
    second = play()
    assert "deps: took deps.zip from the cache, proven then" in second.steps[RUN].log
    assert ": zipped" not in second.steps[RUN].log
    assert result(second, SAVE) == "skipped"
    assert keys(tmp_path) == [key]

    pulled = play(event="pull_request", payload=PULL)
    assert "took deps.zip from the cache" in pulled.steps[RUN].log
    fork = PULL["pull_request"] | {"head": {"ref": "t", "repo": {"full_name": "stranger/cr2a"}}}
    stranger = play(event="pull_request", payload={"pull_request": fork})
    assert "deps: zipped" in stranger.steps[RUN].log
    assert "is not from a branch of this repository" in stranger.steps["layers/layers/cache"].log
    assert (keys(tmp_path), keys(tmp_path, "pull")) == ([key], [])


def test_an_entry_that_came_back_damaged_is_made_anew_and_kept_again(
    play: Any,  # noqa: ANN401 (see there)
    tmp_path: Path,
) -> None:
    play()
    (zipped,) = (tmp_path / "caches").rglob("*.zip")
    content = zipped.read_bytes()
    zipped.write_bytes(content[:-1] + b"x")
    again = play(environ={"GITHUB_RUN_ID": "2"})
    assert "deps: zipped" in again.steps[RUN].log
    old, new = keys(tmp_path)
    assert old != new
    assert (tmp_path / "caches" / "main" / new / zipped.name).read_bytes() == content
    assert "took deps.zip from the cache" in play().steps[RUN].log


def test_what_is_released_or_proposed_by_strangers_touches_no_cache(
    play: Any,  # noqa: ANN401 (see there)
    tmp_path: Path,
) -> None:
    play()
    before = keys(tmp_path)
    for event, payload in (
        *(("push", TAG), ("release", TAG)),
        *(("pull_request_target", PULL), ("workflow_run", {})),
    ):
        run = play(event=event, payload=payload)
        assert "deps: zipped" in run.steps[RUN].log, event
        assert {result(run, RESTORE), result(run, SAVE)} == {"skipped"}, event
    assert keys(tmp_path) == before


def test_without_the_service_the_run_is_as_without_a_cache(play: Any) -> None:  # noqa: ANN401 (see there)
    run = play(is_up=False)
    assert "deps: zipped" in run.steps[RUN].log
    for step in (RESTORE, SAVE):
        logs = [found.log for key, found in run.steps.items() if key.startswith(step)]
        assert any("responded with 503" in log for log in logs), run.steps


def test_what_was_built_before_another_layer_failed_is_kept(play: Any, tmp_path: Path) -> None:  # noqa: ANN401 (see there)
    play(manifest=f"{MANIFEST}  bad: {{packages: [six], imports: [nowhere]}}\n")
    assert len(keys(tmp_path)) == 1
    assert "took deps.zip from the cache" in play().steps[RUN].log


def test_true_keeps_it_on_a_machine_that_is_not_githubs(play: Any, tmp_path: Path) -> None:  # noqa: ANN401 (see there)
    own = {"RUNNER_ENVIRONMENT": "self-hosted"}
    play(environ=own, more=', cache: "true"')
    again = play(environ=own, more=', cache: "true"')
    assert "took deps.zip from the cache" in again.steps[RUN].log
    assert len(keys(tmp_path)) == 1
