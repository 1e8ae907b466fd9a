"""The stage itself: where act is kinder than GitHub, the tests would not fail when they should."""

import re
from dataclasses import replace

import pytest
import yaml

from .stage import ROOT, SHELLS, STUBS, Stage

WORKFLOWS = [
    *(ROOT / ".github" / "workflows").glob("*.yml"),
    *(ROOT / "examples" / "cr2a").glob("*-layers.yml"),
]

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
    run = replace(stage, lets_leak=True).play(WORKFLOW, {"toy/action.yml": COMPOSITE})

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


def test_a_run_with_an_output_that_leaked_fails_whatever_the_test_looks_at(stage: Stage) -> None:
    with pytest.raises(AssertionError, match=r"would not have .*job/toy.*undeclared"):
        stage.play(WORKFLOW, {"toy/action.yml": COMPOSITE})


OUTER = """
name: outer
description: a composite in which a composite is
inputs:
  size: {description: how much, default: big}
runs:
  using: composite
  steps:
    - {uses: ./nested, with: {depth: "3"}}
    - {shell: bash, run: 'env | grep ^INPUT_ >>"$ACT_STUB_STATE/inputs.txt" || true'}
"""
NESTED = """
name: nested
description: a composite in another
inputs:
  depth: {description: how far, required: true}
runs:
  using: composite
  steps:
    - {shell: bash, run: 'env | grep ^INPUT_ >>"$ACT_STUB_STATE/inputs.txt" || true'}
"""
PRINT = """
    - shell: python3 -I {0}
      run: |
        import os
        with open(os.environ["ACT_STUB_STATE"] + "/inputs.txt", "a") as file:
            print("ran", *(name for name in os.environ if name.startswith("INPUT_")), file=file)
"""
NESTING = """
on: push
jobs:
  job:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v7
      - uses: ./outer
      - run: env | grep ^INPUT_ >>"$ACT_STUB_STATE/inputs.txt" || true
"""


def test_no_shell_of_a_composite_nor_a_later_one_is_given_inputs(stage: Stage) -> None:
    files = {"outer/action.yml": OUTER + PRINT, "nested/action.yml": NESTED + PRINT}
    run = stage.play(NESTING, files)

    assert run.jobs == {"job": "success"}, run.errors
    assert (stage.state / "inputs.txt").read_text() == "ran\nran\n"


def test_every_shell_that_our_steps_name_is_one_that_the_stage_stands_before() -> None:
    files = [ROOT / "action.yml", *STUBS.rglob("action.yml"), *WORKFLOWS]
    named = {shell for file in files for shell in re.findall(r"shell: (\S+)", file.read_text())}
    assert named <= set(SHELLS)


def test_a_stand_in_is_given_no_input_that_it_would_not_look_at() -> None:
    """An input that a composite does not declare is dropped by act, and the test passes."""
    steps = yaml.safe_load((ROOT / "action.yml").read_text())["runs"]["steps"]
    for path in WORKFLOWS:
        for job in yaml.safe_load(path.read_text())["jobs"].values():
            steps += job.get("steps", [])
    seen = set()
    for step in steps:
        stub = STUBS / step.get("uses", "-").partition("@")[0] / "action.yml"
        if stub.is_file():
            seen.add(stub)
            declared = yaml.safe_load(stub.read_text())["inputs"].keys()
            assert step.get("with", {}).keys() <= declared, step
    assert seen == set(STUBS.rglob("action.yml"))


def test_an_action_without_a_stand_in_is_not_fetched(stage: Stage) -> None:
    with pytest.raises(AssertionError, match="no stand-in for some/action@v1"):
        stage.play(WORKFLOW.replace("./toy", "some/action@v1"), {"a": ""})


ARTIFACTS = """
on: push
jobs:
  up:
    runs-on: ubuntu-24.04
    steps:
      - run: |
          mkdir -p out/deep/.git out/empty .dot && echo 1 >out/a.zip
          touch out/.hidden out/b.txt out/deep/c.zip out/deep/.git/config .dot/d.txt && chmod 755 out/a.zip
      - uses: actions/upload-artifact@v7
        with: {name: one-a, path: "out/*.zip"}
      - uses: actions/upload-artifact@v7
        with:
          name: one-b
          path: |
            out
            !out/a.zip
      - uses: actions/upload-artifact@v7
        with: {name: two-hidden, path: out, include-hidden-files: true}
      - uses: actions/upload-artifact@v7
        with: {name: three, path: "out/**/c.zip"}
      - uses: actions/upload-artifact@v7
        with: {name: four, path: "out/deep/*.zip\\n.dot/nothing-there"}
      - uses: actions/upload-artifact@v7
        with: {name: five, path: out/deep/c.zip}
      - {id: twice, continue-on-error: true, uses: actions/upload-artifact@v7, with: {name: one-a, path: out}}
      - {id: slash, continue-on-error: true, uses: actions/upload-artifact@v7, with: {name: a/b, path: out}}
      - {id: none, uses: actions/upload-artifact@v7, with: {name: none, path: .dot}}
      - {id: quiet, uses: actions/upload-artifact@v7, with: {name: none, path: .dot, if-no-files-found: ignore}}
      - id: error
        continue-on-error: true
        uses: actions/upload-artifact@v7
        with: {name: none, path: .dot, if-no-files-found: error}
      - {id: word, continue-on-error: true, uses: actions/upload-artifact@v7, with: {path: out, if-no-files-found: fail}}
      - run: echo 22 >out/a.zip
      - uses: actions/upload-artifact@v7
        with: {name: one-a, path: "out/*.zip", overwrite: true}
  down:
    needs: up
    runs-on: ubuntu-24.04
    steps:
      - {uses: actions/download-artifact@v8, with: {pattern: one-*, path: apart}}
      - {uses: actions/download-artifact@v8, with: {pattern: one-*, path: merged, merge-multiple: true}}
      - {uses: actions/download-artifact@v8, with: {name: two-hidden, path: by name}}
      - {uses: actions/download-artifact@v8, with: {pattern: nobody-*, path: nobody}}
      - {id: star, continue-on-error: true, uses: actions/download-artifact@v8, with: {name: one-*, path: star}}
      - {id: clash, continue-on-error: true, uses: actions/download-artifact@v8, with: {path: all, merge-multiple: true}}
      - run: find apart merged 'by name' $(ls -d nobody star || true) -printf '%y %p %m %s\\n' >"$ACT_STUB_STATE/found.txt"
"""


def test_artifacts_have_the_manners_of_the_real_ones(stage: Stage) -> None:
    run = stage.play(ARTIFACTS, {"a": ""})

    assert run.jobs == {"up": "success", "down": "success"}, run.errors
    failed = {key for key, step in run.steps.items() if key.count("/") == 1 and step.result == "failure"}  # fmt: skip
    assert failed == {"up/twice", "up/slash", "up/error", "up/word", "down/star", "down/clash"}
    logs = {
        name: "".join(step.log for key, step in run.steps.items() if f"/{name}" in key)
        for name in ("none", "quiet", "twice", "clash")
    }
    assert "::warning::No files were found" in logs["none"]
    assert "::warning::" not in logs["quiet"]
    assert "an artifact with this name already exists" in logs["twice"]
    assert "two artifacts have one file" in logs["clash"]
    kept = stage.state / "artifacts"
    # Rooted where the search begins: above the stars, and what several have in common.
    rooted = {str(path.relative_to(kept)) for path in kept.glob("[ft]*/**/*.zip")}
    assert rooted >= {"three/deep/c.zip", "four/out/deep/c.zip", "five/c.zip"}
    files = (stage.state / "found.txt").read_text().splitlines()
    assert sorted(line for line in files if line.startswith("f ")) == [
        "f apart/one-a/a.zip 644 3",
        "f apart/one-b/b.txt 644 0",
        "f apart/one-b/deep/c.zip 644 0",
        "f by name/.hidden 644 0",
        "f by name/a.zip 644 2",
        "f by name/b.txt 644 0",
        "f by name/deep/.git/config 644 0",
        "f by name/deep/c.zip 644 0",
        "f merged/a.zip 644 3",
        "f merged/b.txt 644 0",
        "f merged/deep/c.zip 644 0",
    ]
    assert not [line for line in files if "empty" in line or "nobody" in line or "star" in line]
