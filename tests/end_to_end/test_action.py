"""What a caller's workflow gets from the action, and what it cannot do to it."""

import json
import subprocess
from pathlib import Path

import yaml

from layer_builder.inputs import INPUT_DEFAULTS

from .act import Annotation
from .stage import ROOT, Stage, surroundings

MANIFESTS = Path(__file__).with_name("manifests")
SMALL = (MANIFESTS / "small.yml").read_text()
ARN = "arn:aws:lambda:us-east-1:123456789012:layer:{}:1"


def _workflow(*lines: str, before: str = "", after: str = "", env: str = "{}") -> str:
    """Write a workflow with one job, and the action in the middle of it."""
    given = "".join(f"          {line}\n" for text in lines for line in text.splitlines())
    return f"""
on: push
jobs:
  layers:
    runs-on: ubuntu-24.04
    env: {env}
    outputs:
      all: ${{{{ toJSON(steps.layers.outputs) }}}}
      matrix: ${{{{ steps.layers.outputs.matrix }}}}
    steps:
      - uses: actions/checkout@v7
{before}
      - id: layers
        uses: layer-builder/layer-builder@v0.2.0
        with:
          sandbox: "true"
{given}{after}
"""


def test_mistakes_in_the_manifest_are_shown_where_they_are(stage: Stage) -> None:
    manifest = (MANIFESTS / "broken.yml").read_text()
    run = stage.play(_workflow("manifest: deep/er.yml"), {"deep/er.yml": manifest})

    step = run.steps["layers/layers/run"]
    assert (run.jobs, step.exit_code) == ({"layers": "failure"}, 2), run.errors
    assert step.annotations == [
        Annotation(
            level="error",
            message="layer deps: unknown key 'prunes'\n  → did you mean 'prune'?",
            place={"file": "deep/er.yml", "line": "6", "col": "5"},
        ),
        Annotation(
            level="error",
            message="layer code: compression: 'tiny' is not one of fast, balanced, best",
            place={"file": "deep/er.yml", "line": "9", "col": "18"},
        ),
    ]
    assert step.outputs["published"] == "[]"


def test_one_layer_over_its_limit_keeps_all_from_being_published(stage: Stage) -> None:
    manifest = (MANIFESTS / "over-the-limit.yml").read_text()
    run = stage.play(_workflow(), {"layers.yml": manifest})

    step = run.steps["layers/layers/run"]
    assert (run.jobs, step.exit_code) == ({"layers": "failure"}, 5), run.errors
    (annotation,) = [note for note in step.annotations if note.level == "error"]
    assert annotation.place == {"file": "layers.yml", "line": "6", "col": "3"}
    assert "1.0 KiB" in annotation.message.splitlines()[0]
    published = {name: step.outputs[name] for name in ("published", "layer-arns")}
    assert published == {"published": "[]", "layer-arns": "{}"}
    assert "arn:" not in step.log


def test_a_hostile_workspace_and_environment_change_nothing(stage: Stage) -> None:
    raises = 'raise SystemExit("the caller is imported")\n'
    names = ("layer_builder/__init__", "layer_builder/main", "yaml", "encodings", "json", "tests")
    files = {f"{name}.py": raises for name in names}
    files |= {"pyproject.toml": "not = [toml\n", "uv.toml": "not = [toml\n", "layers.yml": SMALL}
    run = stage.play(
        _workflow(
            env="{PYTHONPATH: '${{ github.workspace }}', PYTHONSAFEPATH: '', UV_PYTHON: '3.8',"
            " UV_SYSTEM_PYTHON: '1', UV_PROJECT: /nowhere, VIRTUAL_ENV: /nowhere,"
            " PIP_TARGET: /nowhere, PIP_REQUIRE_VIRTUALENV: '1'}"
        ),
        files,
    )

    assert run.jobs == {"layers": "success"}, run.errors
    arns = json.loads(run.steps["layers/layers"].outputs["layer-arns"])
    assert arns == {"deps": ARN.format("deps")}


def test_the_keys_of_layers_may_stand_on_lines_of_their_own(stage: Stage) -> None:
    layers = "".join(f"  {key}: {{packages: [six]}}\n" for key in ("one", "two", "three"))
    manifest = f'version: 1\npython: "3.12"\nlayers:\n{layers}'
    run = stage.play(_workflow("layers: |", "  one", "  three"), {"layers.yml": manifest})

    assert run.jobs == {"layers": "success"}, run.errors
    assert json.loads(run.steps["layers/layers"].outputs["published"]) == ["one", "three"]


FAN_OUT = """
version: 1
python: ["3.12", "3.13"]
name: "{layer}-{python}"
layers:
  deps: {packages: [six]}
  code: {include: [app.py], python: "3.13"}
"""

MATRIX_JOB = """
  each:
    needs: layers
    runs-on: ubuntu-24.04
    strategy:
      matrix: ${{ fromJSON(needs.layers.outputs.matrix) }}
    steps:
      - env:
          ENTRY: ${{ toJSON(matrix) }}
        run: echo "$ENTRY" >"$(mktemp "$ACT_STUB_STATE/entry-XXXX.json")"
"""


def test_a_plan_gives_the_matrix_of_a_later_job(stage: Stage) -> None:
    run = stage.play(
        _workflow("command: plan", after=MATRIX_JOB), {"layers.yml": FAN_OUT, "app.py": "x = 1\n"}
    )

    assert set(run.jobs.values()) == {"success"}, run.errors
    entries = [json.loads(path.read_text()) for path in stage.state.glob("entry-*.json")]
    names = ("layers", "python", "architecture", "runner")
    assert sorted(tuple(entry[name] for name in names) for entry in entries) == [
        ("code", "3.13", "x86_64", "ubuntu-24.04"),
        ("deps", "3.12", "x86_64", "ubuntu-24.04"),
        ("deps", "3.13", "x86_64", "ubuntu-24.04"),
    ]


BUILD_FIRST = """
      - id: build
        uses: layer-builder/layer-builder@v0.2.0
        with: {command: build, output-dir: built layers}
"""


def test_publish_takes_up_what_an_earlier_step_built(stage: Stage) -> None:
    text = _workflow(
        "output-dir: built layers",
        "build: never",
        "digests: ${{ steps.build.outputs.digests }}",
        before=BUILD_FIRST,
    )
    run = stage.play(text, {"layers.yml": SMALL})

    assert run.jobs == {"layers": "success"}, run.errors
    build, publish = run.steps["layers/build"], run.steps["layers/layers"]
    assert (build.outputs["layer-arns"], build.outputs["report"]) == (
        "{}",
        "built layers/report.json",
    )
    assert json.loads(publish.outputs["layer-arns"]) == {"deps": ARN.format("deps")}
    assert list(json.loads(build.outputs["digests"])) == ["deps"]
    assert publish.outputs["digests"] == build.outputs["digests"]
    # Built anew they would be the same bytes.
    assert "deps: took up deps.zip" in run.steps["layers/layers/run"].log
    assert (build.outputs["isolated"], publish.outputs["isolated"]) == ("true", "")
    assert "setting up layer-builder" in run.steps["layers/build/run"].log


def test_every_input_reaches_the_program_by_the_action_alone(tmp_path: Path) -> None:
    """Run the step's own script with no INPUT_ variable but those that action.yml maps."""
    description = yaml.safe_load((ROOT / "action.yml").read_text())
    (step,) = [step for step in description["runs"]["steps"] if step.get("id") == "run"]
    of_cache = {"LAYER_BUILDER_CACHE_DIR", "LAYER_BUILDER_CACHE_TRUST"}
    assert {name: value for name, value in step["env"].items() if name not in of_cache} == {
        f"INPUT_{name.upper()}": f"${{{{ inputs.{name} }}}}" for name in description["inputs"]
    }
    assert {
        name: given["default"] for name, given in description["inputs"].items()
    } == INPUT_DEFAULTS

    (tmp_path / "my.yml").write_text(SMALL)
    (tmp_path / "outputs").touch()
    values = INPUT_DEFAULTS | {
        "manifest": "my.yml",
        "command": "build",
        "output-dir": "out",
        "layers": "deps",
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env=surroundings()
        | {f"INPUT_{name.upper()}": value for name, value in values.items()}
        | {
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_OUTPUT": str(tmp_path / "outputs"),
            "GITHUB_WORKSPACE": str(tmp_path),
            "RUNNER_TEMP": str(tmp_path / "temp"),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Lambda layers: 1 built" in done.stdout
    assert (tmp_path / "out" / "deps.zip").exists()
