"""The stage itself: where act is kinder than GitHub, the tests would not fail when they should."""

import pytest

from .stage import Stage

COMPOSITE = """
name: toy
description: a toy
inputs:
  size: {description: how much, default: big}
outputs:
  mapped: {description: declared, value: "${{ steps.run.outputs.mapped }}"}
runs:
  using: composite
  steps:
    - id: run
      shell: bash
      env: {INPUT_OTHER: given}
      run: |
        echo "mapped=1" >>"$GITHUB_OUTPUT"
        echo "undeclared=2" >>"$GITHUB_OUTPUT"
        echo "summary" >>"$GITHUB_STEP_SUMMARY"
        echo "inputs: [$(env | grep -o '^INPUT_[A-Z]*')], terminal: $(test -t 1 && echo yes || echo no)"
        echo "::error file=a%2Cb.yml,line=3::one::two%0Athree %25"
        exit 3
"""

WORKFLOW = """
on: push
jobs:
  job:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v7
      - {id: toy, uses: ./toy, continue-on-error: true}
"""


def test_what_github_would_not_do_is_not_done_or_shown(stage: Stage) -> None:
    run = stage.play(WORKFLOW, {"toy/action.yml": COMPOSITE})

    toy, inner = run.steps["job/toy"], run.steps["job/toy/run"]
    assert run.jobs == {"job": "success"}, run.errors
    assert (toy.result, toy.outputs, toy.leaked) == (
        "failure",
        {"mapped": "1"},
        {"undeclared": "2"},
    )
    assert (inner.exit_code, inner.summary, toy.summary) == (3, "summary\n", "")
    assert "inputs: [], terminal: no" in inner.log
    (annotation,) = inner.annotations
    assert annotation.message == "one::two\nthree %"
    assert annotation.place == {"file": "a,b.yml", "line": "3"}


def test_an_action_without_a_stand_in_is_not_fetched(stage: Stage) -> None:
    with pytest.raises(AssertionError, match="no stand-in for some/action@v1"):
        stage.play(WORKFLOW.replace("./toy", "some/action@v1"), {"a": ""})


ARTIFACTS = """
on: push
jobs:
  job:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          mkdir -p out down && touch out/.hidden out/a.zip out/b.txt && chmod 755 out/a.zip
      - uses: actions/upload-artifact@v7
        with: {name: one-a, path: "out/*.zip"}
      - uses: actions/upload-artifact@v7
        with: {name: one-b, path: out}
      - id: twice
        continue-on-error: true
        uses: actions/upload-artifact@v7
        with: {name: one-a, path: out}
      - uses: actions/download-artifact@v8
        with: {pattern: one-*, path: apart}
      - uses: actions/download-artifact@v8
        with: {pattern: one-*, path: merged, merge-multiple: true}
      - run: find apart merged -type f -printf '%p %m\\n' >"$ACT_STUB_STATE/found.txt"
"""


def test_artifacts_have_the_manners_of_the_real_ones(stage: Stage) -> None:
    run = stage.play(ARTIFACTS, {"a": ""})

    assert run.jobs == {"job": "success"}, run.errors
    assert run.steps["job/twice"].result == "failure"
    assert sorted((stage.state / "found.txt").read_text().splitlines()) == [
        "apart/one-a/a.zip 644",
        "apart/one-b/a.zip 644",
        "apart/one-b/b.txt 644",
        "merged/a.zip 644",
        "merged/b.txt 644",
    ]
