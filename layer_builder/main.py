"""Runs what was asked for, and turns failures into words and exit codes."""

import json
import signal
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import TextIO

import layer_builder
from layer_builder import inputs
from layer_builder.archive.output_dir import OutputDir
from layer_builder.commands import init as errands
from layer_builder.commands import lock as locking
from layer_builder.commands import parser
from layer_builder.commands import run as pipeline
from layer_builder.commands import split as dividing
from layer_builder.commands.context import Context
from layer_builder.commands.versions import show, write_out
from layer_builder.console import Console
from layer_builder.errors import ISSUES_URL, LayerBuilderError, ManifestError, Problem
from layer_builder.github import actions, masking
from layer_builder.inputs import Command, Inputs
from layer_builder.manifest import schema
from layer_builder.outcome import Outcome
from layer_builder.report import arn_files
from layer_builder.report import data as report
from layer_builder.report import html as page
from layer_builder.report import markdown as summary
from layer_builder.report.outputs import action_outputs
from layer_builder.wiring import RecordingReporter, load_cloud, make_context

Work = Callable[[Inputs, Context, Outcome], None]
"""What a run does."""


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the command line, or without arguments the action; gives the exit code."""
    # A cancelled workflow sends both: either way the run says what it did. A shell's background job
    # begins with SIGINT ignored (POSIX.1-2017, Shell Command Language, 2.11).
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    if not arguments and any(name.startswith("INPUT_") for name in environ):
        return _guarded(lambda: actions.read_inputs(inputs.INPUT_DEFAULTS), environ)
    namespace = parser.parse(arguments or ["--help"])
    match namespace.command:
        case "schema":
            sys.stdout.write(json.dumps(schema.json_schema(), indent=2) + "\n")
            return 0
        case "init":
            return errands.init(Path(namespace.manifest))
        case _:
            return _run(namespace, environ)


def _run(namespace: Namespace, environ: Mapping[str, str]) -> int:
    work = of(namespace, sys.stdout)
    if work is None:
        return _guarded(lambda: parser.values(namespace), environ)
    # What an errand is for stands alone on standard output; all else is said beside it.
    with redirect_stdout(sys.stderr):
        return _guarded(lambda: parser.values(namespace), environ, work)


def _guarded(
    values: Callable[[], Mapping[str, str]],
    environ: Mapping[str, str],
    work: Work | None = None,
) -> int:
    """Run, and tell every failure in the reader's words."""
    reporter = actions.Actions(sys.stdout) if actions.is_running() else Console()
    outcome = Outcome(inputs=Inputs())
    recording = RecordingReporter(reporter, outcome)
    try:
        asked = inputs.read_inputs(values())
        outcome.inputs = asked
        cloud = load_cloud(asked)
        context = make_context(asked, environ, recording, cloud)
        with cloud().entered() if asked.sandbox and not work else nullcontext():
            if work:
                work(asked, context, outcome)
            else:
                pipeline.run(asked, context, outcome)
    except LayerBuilderError as error:
        outcome.errors = list(error.problems)
        outcome.exit_code = error.exit_code
    except KeyboardInterrupt:
        outcome.errors = [Problem(message="stopped by the user")]
        outcome.exit_code = 130
    except Exception:  # noqa: BLE001 (the last resort: our bug, told as such)
        outcome.errors = [_our_bug()]
        outcome.exit_code = LayerBuilderError.exit_code
    for problem in outcome.errors:
        reporter.error(problem)
    if not work:
        _warn_of_masks(outcome, recording)
        _tell(outcome, reporter)
    return outcome.exit_code


def _warn_of_masks(outcome: Outcome, reporter: "RecordingReporter") -> None:
    """Warn where the ARNs of this run will not reach other jobs."""
    has_arns = bool(outcome.releases or outcome.function_layers())
    if not actions.is_running() or outcome.inputs.sandbox or not has_arns:
        return
    if (workflow := actions.workflow()) and (problem := masking.find(workflow)):
        reporter.warn(problem)


def _tell(outcome: Outcome, reporter: Console) -> None:
    """Write reports, outputs, summary and comment, whatever the run came to."""
    markdown = summary.render_markdown(outcome)
    folder = Path(outcome.inputs.output_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        data = json.dumps(report.report_data(outcome), indent=2, ensure_ascii=False)
        (folder / "report.json").write_text(data + "\n", encoding="utf-8")
        (folder / "report.md").write_text(markdown, encoding="utf-8")
        (folder / "report.html").write_text(page.render_html(outcome), encoding="utf-8")
        for name, content in arn_files.render_arn_files(outcome).items():
            OutputDir(folder=folder).put(name, content)
    except OSError as error:
        reporter.error(Problem(message=f"the reports could not be written: {error}"))
        outcome.exit_code = outcome.exit_code or ManifestError.exit_code
    for built in outcome.built.values():
        if built.details.packages:
            title = f"{built.layer.key} {built.layer.target.label}: {len(built.details.packages)} distributions"
            reporter.details(title, summary.build_details_lines(built))
    if actions.is_running():
        actions.set_outputs(action_outputs(outcome))
        actions.add_summary(markdown)
        if outcome.inputs.github_token and (
            trouble := actions.comment(outcome.inputs.github_token, markdown)
        ):
            reporter.warn(Problem(message=trouble))
    elif outcome.regions and outcome.inputs.command is Command.ATTACH:
        sys.stdout.write(json.dumps(outcome.function_layers(), indent=2) + "\n")
    elif outcome.regions and outcome.releases:
        sys.stdout.write(json.dumps(outcome.arns(outcome.regions[0]), indent=2) + "\n")
    reporter.lines([summary.report_title(outcome)])


def _our_bug() -> Problem:
    return Problem(
        message=f"a bug of layer-builder {layer_builder.__version__}",
        details=(traceback.format_exc(),),
        advice=(f"please report it, with the lines above: {ISSUES_URL}",),
    )


def of(asked: Namespace, out: TextIO) -> Work | None:
    """Find the errand that was asked for; None for a command of the action."""
    match asked.command:
        case "split":
            return lambda inputs, context, outcome: write_out(
                out, dividing.split(inputs, context, outcome, key=asked.layer, write=asked.write)
            )
        case "lock":
            packages = tuple(asked.upgrade_package)
            return lambda inputs, context, outcome: write_out(
                out,
                f"{locking.lock(inputs, context, outcome, upgrade=asked.upgrade, packages=packages)}\n",
            )
        case "versions":
            return lambda _, context, outcome: show(asked, context, outcome, out)
        case _:
            return None
