"""GitHub's dialect: inputs, outputs, annotations, groups, the job summary.

The only door to actions-toolkit, and the only place that writes `::`. Workflow commands:
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

import logging
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Self, TextIO

from layer_builder.console import Console, Tone, sanitize_line
from layer_builder.errors import Place, Problem
from layer_builder.github.masking import Workflow

# A step's summary may have 1 MiB; the runner drops a larger one whole:
# https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands#step-isolation-and-limits
_SUMMARY_BYTES = 1024 * 1024


_MOST_ANNOTATIONS = 10
"""Of a kind: GitHub shows no more of a step.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""


_WORKFLOW = re.compile(r"\.github/workflows/[^/]+\.ya?ml")


def _toolkit() -> tuple[ModuleType, ModuleType]:
    # With it comes requests, which takes 30 ms to load: only steps of workflows need it.
    from actions_toolkit import command, core  # noqa: PLC0415 (said above)

    return command, core


def is_workflow_step() -> bool:
    """Tell whether this process is a step of a workflow."""
    # Always set there: https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    return os.environ.get("GITHUB_ACTIONS") == "true"


def read_action_inputs(names: Iterable[str]) -> dict[str, str]:
    """Read `INPUT_<NAME>` for each name; absent ones are empty."""
    # The runner sets these for no composite action: action.yml does it itself
    # (https://github.com/actions/runner/issues/665).
    _, core = _toolkit()
    return {name: str(core.get_input(name)) for name in names}


def is_debugged() -> bool:
    """Tell whether somebody runs this job again with debug logging."""
    # https://docs.github.com/en/actions/reference/workflows-and-actions/variables
    return is_workflow_step() and os.environ.get("RUNNER_DEBUG") == "1"


class DebugLog(logging.Handler):
    """Has what the program's parts log of what they run shown by the runner, where it debugs."""

    def __init__(self, stream: TextIO) -> None:
        """Write to the stream of the workflow's commands."""
        super().__init__(logging.DEBUG)
        self._out = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record, as debug lines."""
        command, _ = _toolkit()
        for line in record.getMessage().splitlines():
            command.issue_command(
                "debug", {}, f"{record.name.rpartition('.')[2]}: {sanitize_line(line)}"
            )
        self._out.flush()


class WorkflowConsole(Console):
    """The reporter in a workflow: folds, annotations, outputs, the summary.

    Of a kind nine are annotations at once. The tenth waits for `end`: when there are more, they are
    plain lines of the log, and the tenth annotation counts them.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        """Print to `stream`, standard error unless given."""
        super().__init__(stream)
        self._shown: dict[str, int] = {}
        self._held: dict[str, list[Problem]] = {}

    @classmethod
    def of_this_step(cls, stream: TextIO) -> Self:
        """Print to `stream`, and where the runner debugs what this program's parts log, too."""
        if is_debugged():
            logger = logging.getLogger("layer_builder")
            logger.handlers, logger.propagate = [DebugLog(stream)], False
            logger.setLevel(logging.DEBUG)
        return cls(stream)

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
        _, core = _toolkit()
        with self._lock:
            core.start_group(title)
            self._flush()
        self.lines(lines)
        with self._lock:
            core.end_group()
            self._flush()

    def end(self) -> None:
        """Annotate what was held back, or count it."""
        for kind, held in self._held.items():
            last = held[0] if len(held) == 1 else _counting(kind, held)
            self._issue(kind, last)
        self._held.clear()

    def _annotate(self, kind: str, problem: Problem) -> None:
        with self._lock:
            self._shown[kind] = self._shown.get(kind, 0) + 1
            is_shown = self._shown[kind] < _MOST_ANNOTATIONS
            held = [] if is_shown else self._held.setdefault(kind, [])
            held.append(problem)
            plain = held[-1:] if len(held) > 2 else held if len(held) == 2 else []  # noqa: PLR2004 (see above)
        if is_shown:
            self._issue(kind, problem)
        for one in plain:
            self._problem(Tone(kind), one)

    def _issue(self, kind: str, problem: Problem) -> None:
        first, *rest = problem.lines()
        with self._lock:
            headline = problem.headline if problem.place else first
            text = "\n".join([headline, *rest]).encode(errors="backslashreplace").decode()
            command, _ = _toolkit()
            command.issue_command(kind, _properties(problem.place), text)
            self._flush()

    def _flush(self) -> None:
        self._stream.flush()


def set_outputs(outputs: Mapping[str, str]) -> None:
    """Hand values on to later steps and jobs."""
    if not os.environ.get("GITHUB_OUTPUT"):
        return
    _, core = _toolkit()
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


def _counting(kind: str, held: Sequence[Problem]) -> Problem:
    return Problem(
        message=f"and {len(held)} {kind}s more, which GitHub shows none of here",
        details=tuple(one.lines()[0] for one in held),
        advice=("all of them stand in the log of this step, and in the job summary",),
    )


def _properties(place: Place | None) -> dict[str, Any]:
    if place is None:
        return {}
    properties = {"file": place.file, "line": place.line, "col": place.column}
    return {name: value for name, value in properties.items() if value is not None}
