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
from layer_builder.answers import try_packages, why_distribution
from layer_builder.arguments import input_values, parse_arguments
from layer_builder.aws import Cloud
from layer_builder.commands import (
    Context,
    lock_layers,
    prove,
    run_command,
    show_versions,
    split_layer,
    write_manifest,
)
from layer_builder.connections import masked_problem, trust
from layer_builder.console import Console
from layer_builder.errors import ISSUES_URL, LayerBuilderError, Problem
from layer_builder.exit_codes import ExitCode
from layer_builder.github import WorkflowConsole, is_workflow_step, read_action_inputs
from layer_builder.inputs import INPUT_DEFAULTS, Inputs, read_inputs
from layer_builder.manifest import json_schema
from layer_builder.outcome import Outcome
from layer_builder.tell import tell, warn_of_masks
from layer_builder.wiring import RecordingReporter, make_context

Work = Callable[[Inputs, Context, Outcome], None]
"""What a command does that is not one of the action's."""


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the command line, or without arguments the action; gives the exit code."""
    # A cancelled workflow sends both: either way the run says what it did. A shell's background job
    # begins with SIGINT ignored (POSIX.1-2017, Shell Command Language, 2.11).
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    if not arguments and any(name.startswith("INPUT_") for name in environ):
        return _run(lambda: read_action_inputs(INPUT_DEFAULTS), environ)
    namespace = parse_arguments(arguments or ["--help"])
    if namespace.command == "schema":
        sys.stdout.write(json.dumps(json_schema(), indent=2) + "\n")
        return 0
    if namespace.command == "init":
        return write_manifest(
            Path(namespace.named or namespace.manifest), environ, workflow=namespace.workflow
        )
    work = _work(namespace, sys.stdout)
    if work is None:
        return _run(lambda: input_values(namespace), environ)
    # Its answer stands alone on standard output; all else is said beside it.
    with redirect_stdout(sys.stderr):
        return _run(lambda: input_values(namespace), environ, work)


def _work(asked: Namespace, out: TextIO) -> Work | None:
    """Find what a command does that is not one of the action's; None for one of those."""

    def write(text: str) -> None:
        out.write(text)
        out.flush()

    match asked.command:
        case "split":
            return lambda inputs, context, outcome: write(
                split_layer(inputs, context, outcome, key=asked.layer, write=asked.write)
            )
        case "lock":
            upgrade, packages = asked.upgrade, tuple(asked.upgrade_package)
            return lambda inputs, context, outcome: write(
                f"{lock_layers(inputs, context, outcome, upgrade=upgrade, packages=packages)}\n"
            )
        case "prove":
            return lambda inputs, context, outcome: write(
                prove(inputs, context, outcome, asked.functions)
            )
        case "try" | "why":
            answer = try_packages if asked.command == "try" else why_distribution
            return lambda inputs, context, outcome: write(answer(inputs, context, outcome, asked))
        case "versions":
            return lambda _, context, outcome: show_versions(asked, context, outcome, write)
        case _:
            return None


def _run(
    values: Callable[[], Mapping[str, str]],
    environ: Mapping[str, str],
    work: Work | None = None,
) -> int:
    """Run, and tell every failure in the reader's words."""
    reporter = WorkflowConsole(sys.stdout) if is_workflow_step() else Console()
    outcome = Outcome(inputs=Inputs())
    recording = RecordingReporter(reporter, outcome, environ)
    try:
        outcome.inputs = asked = read_inputs(values())
        environ = trust(environ)
        cloud = Cloud(asked)
        context = make_context(asked, environ, recording, cloud)
        with cloud.sandboxed() if asked.sandbox and not work else nullcontext():
            (work or run_command)(asked, context, outcome)
        if outcome.inputs.fail_on_changes and outcome.would_change:
            outcome.exit_code = ExitCode.CHANGES
    except LayerBuilderError as error:
        outcome.errors = list(error.problems)
        outcome.exit_code = error.exit_code
    except KeyboardInterrupt:
        outcome.errors = [Problem(message="stopped by the user")]
        outcome.exit_code = ExitCode.INTERRUPTED
    except Exception:  # noqa: BLE001 (the last resort: our bug, told as such)
        outcome.errors = [_our_bug()]
        outcome.exit_code = ExitCode.BUG
    outcome.errors = [masked_problem(problem, environ) for problem in outcome.errors]
    for problem in outcome.errors:
        reporter.error(problem)
    if not work:
        warn_of_masks(outcome, recording)
        tell(outcome, reporter, environ)
    return outcome.exit_code


def _our_bug() -> Problem:
    return Problem(
        message=f"a bug of layer-builder {layer_builder.__version__}",
        details=(traceback.format_exc(),),
        advice=(f"please report it, with the lines above: {ISSUES_URL}",),
    )
