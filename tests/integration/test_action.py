"""The program as a step of a workflow: inputs in, outputs and annotations out, nothing smuggled."""

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest
import yaml

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]
Act: TypeAlias = Callable[..., CompletedProcess[str]]

CODE = "arn:aws:lambda:eu-west-1:123456789012:layer:shared-code:1"
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
MANIFEST = f'version: 1\npython: "{PYTHON}"\nlayers:\n  shared-code: {{include: src/}}\n'


@pytest.fixture
def act(run: Run, workspace: Path) -> Act:
    """Run as the composite step does; inputs are keywords. The workspace has one good layer."""
    (workspace / "src").mkdir()
    (workspace / "src/a.py").write_text("A = 1\n")
    (workspace / "layers.yml").write_text(MANIFEST)

    def start(env: Mapping[str, str] | None = None, **inputs: str) -> CompletedProcess[str]:
        files = {name: workspace.parent / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for path in files.values():
            path.write_text("")
        given = {f"INPUT_{name.upper().replace('_', '-')}": text for name, text in inputs.items()}
        around = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(workspace), "INPUT_LAYERS": ""}
        paths = {name: str(path) for name, path in files.items()}
        return run(env={**around, **paths, **given, **(env or {})})

    return start


def outputs(workspace: Path) -> dict[str, str]:
    """Read the outputs as the runner does: `name<<DELIMITER`, lines, `DELIMITER`."""
    found = {}
    lines = iter((workspace.parent / "GITHUB_OUTPUT").read_text().splitlines())
    for line in lines:
        name, between, delimiter = line.partition("<<")
        assert between, line
        held: list[str] = []
        for inner in lines:
            if inner == delimiter:
                break
            held.append(inner)
        found[name] = "\n".join(held)
    return found


def commands(stdout: str) -> list[tuple[str, str, str]]:
    """Find what a runner would act on: `::name props::text` at a line's start, `##[name]` anywhere."""
    found = []
    for line in re.split(r"\r\n|\r|\n", stdout):
        new = re.match(r"\s*::([a-z-]+) ?(.*?)::(.*)", line)
        old = re.search(r"##\[([a-z-]+) ?(.*?)\](.*)", line)
        if match := new or old:
            found.append((match[1], match[2], match[3]))
    return found


def test_a_good_run_sets_every_output_of_the_action(
    act: Act, workspace: Path, request: pytest.FixtureRequest
) -> None:
    functions = "functions: {api: {layers: [shared-code]}}\n"
    (workspace / "layers.yml").write_text(MANIFEST + functions)
    done = act(aws_region="eu-west-1", dry_run="false", layers="")
    assert done.returncode == 0, done.stdout
    set_ = outputs(workspace)
    action = yaml.safe_load((request.config.rootpath / "action.yml").read_text())
    assert set(set_) == set(action["outputs"])
    texts = {"shared-code-arn": CODE, "core-deps-arn": "", "report": "dist/layers/report.json",
             "output-dir": "dist/layers"}  # fmt: skip
    data = {
        "layer-arns": {"shared-code": CODE},
        "layer-arns-by-region": {"eu-west-1": {"shared-code": CODE}},
        "function-layers": {"api": [CODE]},
        "published": ["shared-code"],
        "unchanged": [],
        "matrix": {"include": [
            {"layers": "shared-code", "python": PYTHON, "architecture": "x86_64",
             "runner": "ubuntu-24.04"},
        ]},
    }  # fmt: skip
    assert {name: set_[name] for name in texts} == texts
    assert {name: json.loads(set_[name]) for name in data} == data
    assert CODE in (workspace.parent / "GITHUB_STEP_SUMMARY").read_text()
    assert (workspace / set_["report"]).is_file()
    assert [name for name, _, _ in commands(done.stdout) if name in {"error", "warning"}] == []


def test_mistakes_are_annotations_at_their_lines(act: Act, workspace: Path) -> None:
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{PYTHON}"\nlayers:\n'
        "  one: {includ: src/}\n  two: {requirements: requirements.txt}\n"
    )
    (workspace / "requirements.txt").write_text("fine\n\nnot a requirement, 100%\n")
    done = act()
    assert done.returncode == 2
    errors = [row for row in commands(done.stdout) if row[0] == "error"]
    assert errors == [
        ("error", "file=layers.yml,line=4,col=9",
         "layer one: unknown key 'includ'%0A  → did you mean 'include'?"),
        ("error", "file=requirements.txt,line=3,col=1",
         "'not a requirement, 100%25' is not a requirement: Expected semicolon (after name with no"
         " version specifier) or end%0A  → a requirement is a name and versions, such as name>=1.2,<2"),
    ]  # fmt: skip
    assert json.loads(outputs(workspace)["layer-arns"]) == {}


def test_a_missing_output_file_is_no_reason_to_fail(act: Act) -> None:
    done = act(env={"GITHUB_OUTPUT": "", "GITHUB_STEP_SUMMARY": ""})
    assert done.returncode == 0, done.stdout


def test_the_token_is_not_told(act: Act, workspace: Path) -> None:
    done = act(github_token="hunter2")
    assert done.returncode == 0
    written = [path.read_text(errors="replace") for path in (workspace / "dist").rglob("*.*")]
    assert not any("hunter2" in text for text in (done.stdout, done.stderr, *written))


HOSTILE = [
    "::set-output name=layer-arns::owned",
    "  ::add-mask::a",
    "##[add-mask]a",
    "x\n::set-output name=layer-arns::owned",
    "x\r::add-mask::a",
    "x\r\n##[add-mask]a",
    "%0A::add-mask::a",
    "\x1b[2K::stop-commands::owned",
    "x\n  ::set-env name=PATH::owned",
]


@pytest.mark.parametrize(
    "where", ["requirement", "package", "key", "file", "left out", "secret", "region", "command"]
)
def test_text_of_others_never_becomes_a_workflow_command(
    act: Act, workspace: Path, where: str
) -> None:
    inputs = {}
    entry: dict[str, object] = {"include": "src/"}
    keys = ["shared-code"]
    suffixes = {"file": "py", "left out": "pyc", "secret": "pem"}
    match where:
        case "requirement":
            (workspace / "requirements.txt").write_text("\n".join(HOSTILE))
            entry = {"requirements": "requirements.txt"}
        case "package":
            entry = {"packages": HOSTILE}
        case "key":
            keys = HOSTILE
        case "region":
            inputs = {"aws_region": ",".join(HOSTILE)}
        case "command":
            inputs = {"command": "\n".join(HOSTILE)}
        case kind:
            for text in HOSTILE:
                (workspace / "src" / f"{text}.{suffixes[kind]}").write_text("A = 1\n")
    manifest = {"version": 1, "python": PYTHON, "layers": dict.fromkeys(keys, entry)}
    (workspace / "layers.yml").write_text(json.dumps(manifest))
    done = act(**inputs)
    assert done.returncode == (0 if where in suffixes else 2), done.stdout
    assert "Traceback" not in done.stdout
    allowed = {"error", "warning", "group", "endgroup"}
    assert [
        row for row in commands(done.stdout + "\n" + done.stderr) if row[0] not in allowed
    ] == []
    assert "owned" not in "".join(outputs(workspace).values())


def test_file_names_in_a_wheel_never_become_workflow_commands(
    act: Act, workspace: Path, add_wheel: Add
) -> None:
    files = {f"demo/tests/{name}.py": "A = 1\n" for name in HOSTILE if "\n" not in name}
    add_wheel("demo", "1.0", {"demo/__init__.py": "", **files})
    text = MANIFEST.replace("include: src/", "packages: [demo]")
    (workspace / "layers.yml").write_text(text)
    done = act()
    allowed = {"error", "warning", "group", "endgroup"}
    assert done.returncode in {0, 3}, done.stdout
    assert [row for row in commands(done.stdout) if row[0] not in allowed] == []


def test_a_debugged_job_shows_what_is_run_and_why_and_no_secret(
    act: Act, workspace: Path, add_wheel: Add, index: str
) -> None:
    add_wheel("dep", "1.0", {"dep.py": "A = 1\n"})
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{PYTHON}"\nproof: static\nlayers:\n  deps: {{packages: [dep]}}\n'
    )
    secret = {"UV_DEFAULT_INDEX": index.replace("//", "//user:hunter2@") + "/private/simple"}
    quiet = act(env=secret, command="build")
    assert quiet.returncode == 0, quiet.stdout
    assert "debug" not in [name for name, _, _ in commands(quiet.stdout)]
    done = act(env={**secret, "RUNNER_DEBUG": "1"}, command="build")
    assert done.returncode == 0, done.stdout
    told = [text for name, _, text in commands(done.stdout) if name == "debug"]
    assert "groups: resolved together: deps (alone)" in told
    assert any(
        text.startswith("calls: to choose versions, or see who requires what: ") for text in told
    )
    assert any(re.fullmatch(r"calls: ended with 0 after \d+\.\d s", text) for text in told)
    assert "hunter2" not in done.stdout + done.stderr


def test_of_many_mistakes_ten_are_annotations(act: Act, workspace: Path) -> None:
    lines = "".join(f"  l{n}: {{includ: src/}}\n" for n in range(15))
    (workspace / "layers.yml").write_text(f'version: 1\npython: "{PYTHON}"\nlayers:\n{lines}')
    done = act()
    assert done.returncode == 2
    errors = [row for row in commands(done.stdout) if row[0] == "error"]
    assert len(errors) == 10
    assert errors[-1][2].startswith("and 6 errors more")
    for number in range(15):
        assert f"layer l{number}: unknown key 'includ'" in done.stdout
