"""GitHub's dialect: inputs, outputs, annotations, groups, the job summary.

The only door to actions-toolkit, and the only place that writes `::`. Workflow commands:
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from actions_toolkit import core
from actions_toolkit.command import issue_command

from layer_builder.console import Console
from layer_builder.errors import Place, Problem
from layer_builder.github.masking import Workflow

# A step's summary may have 1 MiB; the runner drops a larger one whole:
# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
_SUMMARY_BYTES = 1024 * 1024


_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")


def is_workflow_step() -> bool:
    """Tell whether this process is a step of a workflow."""
    # Always set there: https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    return os.environ.get("GITHUB_ACTIONS") == "true"


def read_action_inputs(names: Iterable[str]) -> dict[str, str]:
    """Read `INPUT_<NAME>` for each name; absent ones are empty."""
    # The runner sets these for no composite action: action.yml does it itself
    # (https://github.com/actions/runner/issues/665).
    return {name: str(core.get_input(name)) for name in names}


class WorkflowConsole(Console):
    """The reporter in a workflow: folds, annotations, outputs, the summary."""

    def warn(self, problem: Problem) -> None:
        """Print a warning and annotate the line of the file it is about."""
        self._annotate("warning", problem)

    def notice(self, problem: Problem) -> None:
        """Print a notice, as an annotation."""
        self._annotate("notice", problem)

    def error(self, problem: Problem) -> None:
        """Print an error and annotate the line of the file it is about."""
        self._annotate("error", problem)

    def details(self, title: str, lines: Sequence[str]) -> None:
        """Print a block of lines, folded."""
        with self._lock:
            core.start_group(title)
            self._flush()
        self.lines(lines)
        with self._lock:
            core.end_group()
            self._flush()

    def _annotate(self, kind: str, problem: Problem) -> None:
        first, *rest = problem.lines()
        with self._lock:
            headline = problem.headline if problem.place else first
            text = "\n".join([headline, *rest]).encode(errors="backslashreplace").decode()
            issue_command(kind, _properties(problem.place), text)
            self._flush()

    def _flush(self) -> None:
        self._stream.flush()


def set_outputs(outputs: Mapping[str, str]) -> None:
    """Hand values on to later steps and jobs."""
    if not os.environ.get("GITHUB_OUTPUT"):
        return
    for name, value in outputs.items():
        core.set_output(name, value)


def add_summary(markdown: str) -> None:
    """Append to the job summary, where there is one."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    if len(markdown.encode(errors="replace")) > _SUMMARY_BYTES:
        markdown = re.sub(r"<details>.*?</details>\n*", "", markdown, flags=re.DOTALL)
    with Path(path).open("a", encoding="utf-8") as summary:
        summary.write(markdown + "\n")


def current_workflow() -> Workflow | None:
    """Read the workflow that runs, as it is checked out; None where that cannot be done."""
    repository = os.environ.get("GITHUB_REPOSITORY", "")
    # owner/repository/.github/workflows/file.yml@ref:
    # https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    named = os.environ.get("GITHUB_WORKFLOW_REF", "").partition("@")[0]
    file = named.removeprefix(f"{repository}/")
    if not _WORKFLOW.fullmatch(file):
        return None
    path = Path(os.environ.get("GITHUB_WORKSPACE", ""), file)
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return Workflow(file=file, text=text, job=os.environ.get("GITHUB_JOB", ""))


def _properties(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {}
    properties = {"file": place.file, "line": place.line, "col": place.column}
    return {name: value for name, value in properties.items() if value is not None}
