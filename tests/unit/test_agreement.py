"""What is written down twice says the same in both places."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import layer_builder
from layer_builder import inputs
from layer_builder.arguments import parser
from layer_builder.manifest import reader, schema
from layer_builder.outcome import Outcome
from layer_builder.report import outputs as report_outputs
from layer_builder.survey.workflow import write_workflow
from layer_builder.survey.writing import STARTER
from release import changelog, pins

ROOT = Path(__file__).resolve().parents[2]
NO_DEFAULT = {"all", "–", "`AWS_REGION`"}
"""How the README tells of an input that is empty by default."""


@pytest.fixture(scope="module")
def action() -> dict[str, Any]:
    """Read action.yml."""
    found = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def rows(heading: str) -> list[tuple[str, ...]]:
    """Give the cells of the table below a heading of the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    section = readme.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in lines]


def test_the_action_has_the_inputs_that_are_read(action: dict[str, Any]) -> None:
    assert {name: of["default"] for name, of in action["inputs"].items()} == inputs.INPUT_DEFAULTS


def test_the_defaults_read_are_those_of_inputs() -> None:
    assert inputs.read_inputs(inputs.INPUT_DEFAULTS) == inputs.Inputs()


MARKETPLACE_COLORS = {"white", "black", "yellow", "blue", "green", "orange", "red", "purple", "gray-dark"}  # fmt: skip
OMITTED_ICONS = {
    *("coffee", "columns", "divide-circle", "divide-square", "divide", "frown", "hexagon", "key"),
    *("meh", "mouse-pointer", "smile", "tool", "x-octagon"),
}


def test_the_marketplace_takes_the_action(action: dict[str, Any]) -> None:
    """The rules are those of GitHub's documentation, and of its form for releases.

    https://docs.github.com/en/actions/how-tos/create-and-publish-actions/publish-in-github-marketplace
    https://docs.github.com/en/actions/reference/workflows-and-actions/metadata-syntax#branding
    """
    assert 0 < len(action["description"]) < 125
    # No user, organization or category of GitHub's: those are words of lower-case letters.
    assert re.fullmatch(r"[A-Z][\w ]{3,48}[\w]", action["name"])
    assert "github" not in action["name"].lower()
    assert action["branding"].keys() == {"icon", "color"}
    assert action["branding"]["color"] in MARKETPLACE_COLORS
    assert re.fullmatch(r"[a-z0-9-]+", action["branding"]["icon"])
    assert action["branding"]["icon"] not in OMITTED_ICONS
    assert not list(ROOT.glob("action.yaml"))


def test_dependabot_leaves_the_pins_of_examples_alone() -> None:
    """They are bumped with a release, or are what the measured numbers were measured with.

    Paths are relative to the entry's directory:
    https://docs.github.com/en/code-security/dependabot/working-with-dependabot/dependabot-options-reference
    """
    found = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text(encoding="utf-8"))
    for update in found["updates"]:
        folders = update.get("directories") or [update["directory"]]
        assert set(folders) <= {"/", "/requirements"}
        if "/" in folders:
            assert {"examples/**", "tests/**"} <= {*update["exclude-paths"]}
            assert {"dependency-name": "layer-builder/*"} in update["ignore"]


def test_each_lock_says_how_make_lock_made_it() -> None:
    """Dependabot reads the flags there; no index's address is among them."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    flags = re.findall(r"^COMPILE := \$\(BIN\)/(uv .*)$", makefile, re.MULTILINE)[0]
    flags = flags.replace(" --quiet --upgrade", "")
    made = {
        line.rpartition("/")[2]: f"#    {flags} {line}\n"
        for line in re.findall(r"^\t\$\(COMPILE\) (.*)$", makefile, re.MULTILINE)
    }
    assert made.keys() == {path.name for path in ROOT.glob("requirements/*.txt")}
    for name, line in made.items():
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        assert text.split("\n", 1)[1].startswith(line), name
        assert "://" not in text


def test_what_a_push_samples_is_played_whole_every_night() -> None:
    night = (ROOT / ".github/workflows/nightly.yml").read_text(encoding="utf-8")
    (job,) = yaml.safe_load(night)["jobs"].values()
    targets = job["strategy"]["matrix"]["target"]
    assert {"all-cases", "fuzz"} <= {*targets}
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert [name for name in targets if f"\n{name}: " not in makefile] == []


def test_the_step_hands_every_input_on(action: dict[str, Any]) -> None:
    (step,) = [step for step in action["runs"]["steps"] if step.get("id") == "run"]
    handed = {key: value for key, value in step["env"].items() if key.startswith("INPUT_")}
    assert handed == {
        f"INPUT_{name.upper()}": f"${{{{ inputs.{name} }}}}" for name in inputs.INPUT_DEFAULTS
    }


def test_the_action_has_the_outputs_that_are_set(action: dict[str, Any]) -> None:
    produced = report_outputs.action_outputs(Outcome(inputs=inputs.Inputs()))
    assert action["outputs"].keys() == produced.keys()
    for name, output in action["outputs"].items():
        assert output["value"] == f"${{{{ steps.run.outputs.{name} }}}}"


def test_every_input_and_output_is_described(action: dict[str, Any]) -> None:
    parts = [*action["inputs"].items(), *action["outputs"].items()]
    assert [name for name, part in parts if not part["description"].strip()] == []


def test_no_shell_line_is_made_of_an_expression(action: dict[str, Any]) -> None:
    lines = [step["run"] for step in action["runs"]["steps"] if "run" in step]
    assert lines
    assert [line for line in lines if "${{" in line] == []


def test_the_readme_lists_the_inputs_with_their_defaults(action: dict[str, Any]) -> None:
    table = {name.strip("`"): default for name, default, _ in rows("Inputs")}
    assert list(table) == list(action["inputs"])
    for name, default in inputs.INPUT_DEFAULTS.items():
        assert table[name] in ({f"`{default}`"} if default else NO_DEFAULT)


def test_every_command_is_told_wherever_it_can_be_asked_for(action: dict[str, Any]) -> None:
    (row,) = [meaning for name, _, meaning in rows("Inputs") if name == "`command`"]
    described = action["inputs"]["command"]["description"]
    for command in inputs.Command:
        assert f"`{command}`:" in row
        assert f"{command}:" in described
        assert parser.parse_arguments([command]).command == command


def test_the_readme_lists_the_outputs(action: dict[str, Any]) -> None:
    told = [name for cells in rows("Outputs") for name in re.findall(r"`([^`]+)`", cells[0])]
    assert sorted(told) == sorted(action["outputs"])


def measured(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def test_the_readme_begins_with_what_was_measured() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = " ".join(readme.split("\nTry it now")[0].split())
    table = measured("benchmarks").split("\n## example\n")[1].split("\n## ")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("|")]
    column = cells[0].index("imports") - len(cells[0])
    imports = {line[0].split(";")[0]: line[column] for line in cells}
    assert f"zip import [{imports['the recipe']}](" in first
    assert f"these {imports['this program']};" in first
    ground = measured("proving-ground")
    counts = re.search(r"^- (\S+) rows, 0 not equal\.$", ground, re.MULTILINE)
    modules = re.search(r"that import: (\S+) before, (\S+) after\.", ground)
    assert counts
    assert modules
    assert f"[{counts[1]} layers](" in first
    assert f"import {modules[2]} modules and entry points, {modules[1]} before." in first


def test_the_schema_for_editors_is_that_of_the_model() -> None:
    stored = (ROOT / "docs" / "layers.schema.json").read_text(encoding="utf-8")
    assert json.loads(stored) == schema.json_schema(), "run `make schema`"


def test_the_example_is_a_manifest() -> None:
    text = (ROOT / "examples" / "cr2a" / "layers.yml").read_text(encoding="utf-8")
    found = reader.read_manifest(text, "layers.yml")
    assert {layer.key for layer in found.layers} == set(report_outputs.NAMED_OUTPUTS)
    assert len(found.stacks) == 2


def test_what_init_writes_is_a_manifest() -> None:
    assert reader.read_manifest(STARTER, "layers.yml").layers


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        ".github/workflows/publish-layers.yml",
        *(f"examples/cr2a/{name}-layers.yml" for name in ("publish", "watch")),
    ],
)
def test_who_names_a_release_names_this_one(path: str) -> None:
    text = (ROOT / path).read_text(encoding="utf-8")
    named = re.findall(r"layer-builder/layer-builder\S*@v([\w.]+)|ref: v([\w.]+)", text)
    assert {one or other for one, other in named} == {layer_builder.__version__}


def test_every_page_that_names_a_release_names_this_one() -> None:
    files = list(pins.pinning_files(ROOT))
    assert {"README.md", "workflow.md", "publish-layers.yml"} <= {path.name for path in files}
    for path in files:
        assert pins.pinned(path.read_text(encoding="utf-8")) == {layer_builder.__version__}, path


def test_the_changelog_is_ready_to_be_dated_or_is_dated_for_this_version() -> None:
    """`make prepare` makes the second of the first."""
    sections = changelog.read_sections((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert sections[0].name == changelog.UNRELEASED
    ours = [section for section in sections if section.name == layer_builder.__version__]
    assert [bool(section.date and section.text) for section in ours] in ([], [True])
    assert sections[0].text or ours
    versions = [changelog.parse_version(section.name) for section in sections[1:]]
    assert versions == sorted(versions, reverse=True)
    assert all(section.date for section in sections[1:])


def test_the_version_is_written_in_one_place_of_the_program() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {
        "attr": "layer_builder.__version__"
    }
    files = [*(ROOT / "layer_builder").rglob("*.py"), ROOT / "action.yml", ROOT / "entrypoint.py"]
    naming = [
        path
        for path in files
        if re.search(
            r"(?<![\w.])" + re.escape(layer_builder.__version__) + r"(?![\w.])",
            path.read_text(encoding="utf-8"),
        )
    ]
    assert naming == [ROOT / "layer_builder/__init__.py"]


def test_the_reusable_workflow_hands_on_what_the_action_has(action: dict[str, Any]) -> None:
    path = ROOT / ".github" / "workflows" / "publish-layers.yml"
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    called = workflow[True]["workflow_call"]  # "on" is a truth value in YAML 1.1
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    ours = [step for step in steps if step.get("uses", "").startswith("layer-builder/")]
    assert len(ours) == 6
    for step in ours:
        assert step["with"].keys() <= action["inputs"].keys()
    # Paths say nothing in another job, where the artifact is.
    assert action["outputs"].keys() - called["outputs"].keys() == {
        "report",
        "output-dir",
    }
    assert called["outputs"].keys() - action["outputs"].keys() == {"artifact"}
    page = (ROOT / "docs" / "workflow.md").read_text(encoding="utf-8")
    for name in called["inputs"]:
        assert f"`{name}`" in page, name
    for job, of in workflow["jobs"].items():
        assert f"`{job}`" in page
        for permission, level in of["permissions"].items():
            assert f"`{permission}: {level}`" in page


def _callers() -> dict[str, str]:
    """Give all workflows that call the reusable one: in pages, in examples, and init's."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    found = {"init": write_workflow("layers.yml")}
    for path in [*pages, *(ROOT / "examples").rglob("*.yml")]:
        text = path.read_text(encoding="utf-8")
        blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        for number, block in enumerate(blocks if path.suffix == ".md" else [text]):
            if "/publish-layers.yml@" in block:
                found[f"{path.relative_to(ROOT)} {number}"] = block
    return found


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in _callers().items()])
def test_who_calls_the_reusable_workflow_grants_what_its_jobs_ask_for(text: str) -> None:
    """GitHub starts no run else, not even where the job that asks for more would be skipped.

    https://github.com/actions/runner/issues/4151
    """
    path = ROOT / ".github" / "workflows" / "publish-layers.yml"
    levels = ["none", "read", "write"]
    wanted = [
        job["permissions"] for job in yaml.safe_load(path.read_text("utf-8"))["jobs"].values()
    ]
    calls = [
        job
        for job in yaml.safe_load(text)["jobs"].values()
        if "/publish-layers.yml@" in job.get("uses", "")
    ]
    assert calls
    for call in calls:
        for name, level in [one for of_job in wanted for one in of_job.items()]:
            granted = call["permissions"].get(name, "none")
            assert levels.index(granted) >= levels.index(level), name
