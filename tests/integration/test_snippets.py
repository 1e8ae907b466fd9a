"""Each piece of a workflow on our pages is clean, as our own workflows are: zizmor, actionlint, GitHub's schema."""

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    *sorted(ROOT.glob("*.md")),
    *sorted(ROOT.glob("docs/**/*.md")),
    *sorted(ROOT.glob("examples/**/*.md")),
)
BLOCK = re.compile(r"^( *)```ya?ml[^\n]*\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
ACTIONLINT = ROOT / ".cache" / "bin" / "actionlint"
ZIZMOR = Path(__file__).with_name("guides") / "zizmor.yml"
HEAD = """name: Page
on: {push: {branches: [main]}}
concurrency: {group: "${{ github.ref }}", cancel-in-progress: false}
"""
PLAN = """  plan:
    name: Plan
    runs-on: ubuntu-24.04
    permissions: {}
    outputs: {matrix: "${{ steps.layers.outputs.matrix }}"}
    steps:
      - id: layers
        run: echo 'matrix={"include":[]}' >>"$GITHUB_OUTPUT"
"""
JOB = """  job:
    name: Job
    runs-on: ubuntu-24.04
"""
SCOPES = "permissions: {}\n"


def is_step(found: object) -> bool:
    """Say whether this is a step of a job."""
    return isinstance(found, dict) and bool({"uses", "run"} & found.keys())


def is_job(found: object) -> bool:
    """Say whether this is a job."""
    return isinstance(found, dict) and bool({"uses", "steps"} & found.keys())


def in_a_job(steps: str, scopes: str = "permissions: {id-token: write} # signs in to AWS\n") -> str:
    """Put a job around steps, and a workflow around that."""
    return f"{HEAD}{SCOPES}jobs:\n{JOB}{textwrap.indent(scopes, '    ')}    steps:\n{steps}"


def whole_workflow(text: str) -> str | None:
    """Put around a piece of a workflow what lacks; None for what is of no workflow."""
    text = textwrap.dedent(text)
    if re.search(r"(^|[\s\[])![A-Z]\w", text):
        return None  # a tag: a template of CloudFormation
    found: Any = yaml.safe_load(text)
    whole = None
    if isinstance(found, list) and all(map(is_step, found)):
        whole = in_a_job(textwrap.indent(text, "      "))
    elif is_step(found):
        whole = in_a_job("      - " + textwrap.indent(text, "        ").lstrip())
    elif isinstance(found, dict) and "jobs" in found:
        whole = text
    elif isinstance(found, dict) and found.keys() == {"permissions"}:
        whole = in_a_job("      - run: make\n", text)
    elif isinstance(found, dict) and all(map(is_job, found.values())):
        whole = f"{HEAD}{SCOPES}jobs:\n{PLAN}{textwrap.indent(text, '  ')}"
    return whole


def workflows() -> dict[str, str]:
    """Give the workflows of all pages, by page and line."""
    found = {}
    for path in PAGES:
        page = path.read_text(encoding="utf-8")
        for block in BLOCK.finditer(page):
            text = whole_workflow(block[2])
            if text is None:
                assert not re.search(r"^\s*(- )?(uses|runs-on):", block[2], re.MULTILINE), path
                continue
            line = page[: block.start()].count("\n") + 1
            found[f"{path.relative_to(ROOT).as_posix().replace('/', '-')}-{line}.yml"] = text
    return found


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write them where workflows lie."""
    folder = tmp_path_factory.mktemp("pages") / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, text in workflows().items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_the_pages_have_workflows_of_each_kind() -> None:
    pages = [re.sub(r"-\d+\.yml$", "", name) for name in workflows()]
    assert pages.count("README.md") == 3
    assert {"docs-workflow.md", "docs-changes.md", "docs-guides-watch-sizes.md"} <= {*pages}


@pytest.mark.parametrize(
    "checker",
    [
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
        ["zizmor", "--offline", "--no-progress", "--strict-collection", "--persona", "pedantic", "--config", str(ZIZMOR)],
        ["actionlint", "-shellcheck=", "-pyflakes="],
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_what_a_page_shows_of_a_workflow_is_clean(checker: list[str], written: Path) -> None:
    program = Path(sys.executable).with_name(checker[0])
    if checker[0] == "actionlint":
        program = ACTIONLINT
        if not program.exists():
            assert "LINT" not in os.environ, "make lint has it"
            pytest.skip("there is no actionlint: run `make lint`")
    words = [str(program), *checker[1:], *map(str, sorted(written.iterdir()))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
