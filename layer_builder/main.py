"""Runs what was asked for, and turns failures into words and exit codes."""

import atexit
import json
import os
import signal
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TextIO

import layer_builder
from layer_builder.advice import with_twins
from layer_builder.answers import try_packages, why_distribution
from layer_builder.arguments import input_values, parse_arguments
from layer_builder.aws import Cloud
from layer_builder.closing import stopped_problem
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
from layer_builder.github import WorkflowConsole, is_workflow_step, read_action_inputs, set_outputs
from layer_builder.inputs import INPUT_DEFAULTS, Inputs, read_inputs
from layer_builder.isolation import what_holds
from layer_builder.keeping import NO_CACHE_VARIABLE, JobCache
from layer_builder.manifest import json_schema
from layer_builder.outcome import Outcome
from layer_builder.parallel import kill_children, others_end
from layer_builder.tell import load_reports, tell, warn_of_masks
from layer_builder.terminal import TerminalConsole, shows_live_lines
from layer_builder.tree import Scratch
from layer_builder.wiring import RecordingReporter, make_context, with_own_output_dir

_SECONDS_TO_END = 3.0
"""What has begun when a run is stopped may take so long. A runner that cancels a job waits 7.5 s:
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-cancellation
"""

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
        return _run(lambda: input_values(namespace), environ, verbose=namespace.verbose)
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
    *,
    verbose: bool = False,
) -> int:
    """Run, and tell every failure in the reader's words."""
    reporter = _reporter(environ)
    outcome = Outcome(inputs=Inputs())
    recording = RecordingReporter(reporter, outcome, environ)
    scratch, is_idle = Scratch(), True
    job = JobCache.around(environ)
    kept = job.entries()
    try:
        outcome.inputs = asked = with_own_output_dir(read_inputs(values()))
        environ = trust(environ)
        cloud = Cloud(asked)
        context = make_context(asked, environ, recording, cloud)
        context = replace(context, is_verbose=verbose, load_ahead=load_reports)
        scratch = context.scratch
        with cloud.sandboxed() if asked.sandbox and not work else nullcontext():
            (work or run_command)(asked, context, outcome)
        if outcome.inputs.fail_on_changes and outcome.would_change:
            outcome.exit_code = ExitCode.CHANGES
    except LayerBuilderError as error:
        outcome.errors = [*map(with_twins, error.problems)]
        outcome.exit_code = error.exit_code
    except KeyboardInterrupt:
        is_idle = _let_end(recording)
        # What ends later is not told as done, whichever part of the report asks.
        outcome.finished = dict(outcome.finished)
        keeps_builds = not environ.get(NO_CACHE_VARIABLE)
        outcome.errors = [stopped_problem(outcome, keeps_builds=keeps_builds)]
        outcome.exit_code = ExitCode.INTERRUPTED
    except Exception:  # noqa: BLE001 (the last resort: our bug, told as such)
        outcome.errors = [_our_bug()]
        outcome.exit_code = ExitCode.BUG
    outcome.errors = [masked_problem(problem, environ) for problem in outcome.errors]
    reporter.close()
    if work:
        for problem in outcome.errors:
            reporter.error(problem)
    else:
        warn_of_masks(outcome, recording)
        tell(outcome, reporter, environ, verbose=verbose)
        if key := job.new_key(kept, is_isolated=_was_isolated(outcome, job)):
            set_outputs({"cache-key": key})  # for the steps of action.yml alone
    reporter.end()
    if not is_idle:
        _leave_now(scratch, outcome.exit_code)
    return outcome.exit_code


def _was_isolated(outcome: Outcome, job: JobCache) -> bool | None:
    """Tell whether what ran was isolated; of a run that finished nothing, whether this machine isolates."""
    if outcome.built or outcome.known or not job.folder:
        return outcome.is_isolated
    return what_holds().holds


def _let_end(recording: RecordingReporter) -> bool:
    """Give what has begun a moment to end, or none after a second signal; tell whether it did."""
    try:
        is_idle = others_end(_SECONDS_TO_END)
    except KeyboardInterrupt:
        is_idle = False
    # What was done is told to its end, whatever comes now.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    recording.end()
    return is_idle


def _leave_now(scratch: Scratch, code: int) -> None:
    """End although threads still work: what they began is in folders that go, and in no other."""
    scratch.discard()
    kill_children()
    # What interpreters do at their end, but for waiting: it removes the folders for temporary files.
    atexit._run_exitfuncs()  # noqa: SLF001 (as multiprocessing does where it ends by os._exit)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _reporter(environ: Mapping[str, str]) -> Console:
    if is_workflow_step():
        return WorkflowConsole.of_this_step(sys.stdout)
    if shows_live_lines(sys.stderr, environ):
        return TerminalConsole(sys.stderr, environ)
    return Console()


def _our_bug() -> Problem:
    return Problem(
        message=f"a bug of layer-builder {layer_builder.__version__}",
        details=(traceback.format_exc(),),
        advice=(f"please report it, with the lines above: {ISSUES_URL}",),
    )
