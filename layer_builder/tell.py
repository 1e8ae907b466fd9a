"""Tells what a run came to: report files, the log's last lines, and what the workflow reads on."""

import hashlib
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

from layer_builder.archive import OutputDir
from layer_builder.closing import closing_lines, report_place
from layer_builder.connections import connection_advice, masked_problem
from layer_builder.console import Console, Reporter, Tone
from layer_builder.errors import ManifestError, Problem
from layer_builder.exit_codes import ExitCode
from layer_builder.github import (
    add_summary,
    current_workflow,
    find_masking,
    is_workflow_step,
    post_comment,
    set_outputs,
)
from layer_builder.inputs import Command
from layer_builder.inventory import packed_files
from layer_builder.legs import part_name, part_of, part_text
from layer_builder.model import LayerFile, counted
from layer_builder.outcome import Outcome
from layer_builder.plain_text import build_details_lines, report_title
from layer_builder.report import (
    action_outputs,
    render_comment,
    render_files,
    render_markdown,
)
from layer_builder.report_json import report_data
from layer_builder.sources import Workspace


def warn_of_masks(outcome: Outcome, reporter: Reporter) -> None:
    """Warn where the ARNs of this run will not reach other jobs."""
    has_arns = bool(outcome.releases or outcome.function_layers())
    if not is_workflow_step() or outcome.inputs.sandbox or not has_arns:
        return
    if (workflow := current_workflow()) and (problem := find_masking(workflow)):
        reporter.warn(problem)


def tell(outcome: Outcome, reporter: Console, environ: Mapping[str, str], *, verbose: bool) -> None:
    """Tell all that a run came to, whatever that is: the layers, the errors, where the report lies.

    `verbose` adds each layer's distributions; in a workflow they are there, folded.
    """
    is_written = _write_reports_or_say(outcome, environ)
    if verbose or is_workflow_step():
        _show_layers(outcome, reporter)
    if is_workflow_step():
        _hand_to_workflow(outcome, reporter, environ)
    else:
        _print_arns(outcome)
    for title, line in closing_lines(outcome):
        reporter.step(title, line)
    for problem in outcome.errors:
        reporter.error(problem)
    head, _, title = report_title(outcome).partition(": ")
    reporter.lines([title], head=f"{head}: ", tone=Tone.ERROR if outcome.exit_code else Tone.GOOD)
    if is_written:
        reporter.lines([report_place(outcome)])


def load_reports() -> None:
    """Load what the reports are written with: best while something else is waited for."""
    from layer_builder.report_html import load_templates  # noqa: PLC0415 (loads Jinja2, for pages alone)

    load_templates()


def _write_reports_or_say(outcome: Outcome, environ: Mapping[str, str]) -> bool:
    """Write the reports; gives whether that could be done, and adds to the errors where not."""
    try:
        _write_reports(outcome, environ)
    except ManifestError as error:
        told = {problem.message for problem in outcome.errors}
        outcome.errors += [one for one in error.problems if one.message not in told]
        outcome.exit_code = outcome.exit_code or error.exit_code
    except OSError as error:
        # The output directory is an input: one that takes no files is a wrong one.
        outcome.errors.append(Problem(message=f"the reports could not be written: {error}"))
        outcome.exit_code = outcome.exit_code or ExitCode.MANIFEST
    else:
        return True
    return False


def _write_reports(outcome: Outcome, environ: Mapping[str, str]) -> None:
    from layer_builder.report_html import render_html  # noqa: PLC0415 (loads Jinja2, for pages alone)

    folder = Path(outcome.inputs.output_dir)
    # A run that failed early never looked where this leads.
    Workspace.around(Path(outcome.inputs.manifest), environ, folder)
    folder.mkdir(parents=True, exist_ok=True)
    output_dir = OutputDir(folder=folder)
    outcome.files = _files(outcome)
    _write_sboms(outcome, output_dir)
    data = json.dumps(report_data(outcome), indent=2, ensure_ascii=False)
    output_dir.put("report.json", data + "\n")
    if outcome.inputs.command is Command.BUILD and (name := part_name(outcome.inputs)):
        output_dir.put(name, part_text(part_of(outcome)))
    output_dir.put("report.md", render_markdown(outcome))
    output_dir.put("report.html", render_html(outcome))
    for name, content in render_files(outcome).items():
        output_dir.put(name, content)


def _write_sboms(outcome: Outcome, output_dir: OutputDir) -> None:
    """Write what each layer that was built is made of beside its zip."""
    if not outcome.built or outcome.inputs.command is Command.PROMOTE:
        return
    from layer_builder.sbom import render_sbom  # noqa: PLC0415 (80 ms, for zips alone)

    for layer_id, built in outcome.built.items():
        text = render_sbom(built)
        output_dir.put(f"{built.layer.stem}.cdx.json", text)
        outcome.sboms[layer_id] = hashlib.sha256(text.encode()).hexdigest()


def _files(outcome: Outcome) -> dict[str, tuple[LayerFile, ...]]:
    """Read what is in the zips; of one that cannot be read the reports have no map."""
    found: dict[str, tuple[LayerFile, ...]] = {}
    for layer_id, built in outcome.built.items():
        with suppress(OSError, ValueError), built.archive.path.open("rb") as file:
            found[layer_id] = packed_files(file, built.details.packages)
    return found


def _show_layers(outcome: Outcome, reporter: Console) -> None:
    for built in outcome.built.values():
        packages = built.details.packages
        # What has the same content was shown with the first one.
        if packages and not built.same_as:
            title = f"{built.layer.key} {built.layer.target.label}:"
            title += f" {counted(len(packages), 'distribution')} ({built.details.elapsed:.1f} s)"
            reporter.details(title, build_details_lines(built))


def _hand_to_workflow(outcome: Outcome, reporter: Console, environ: Mapping[str, str]) -> None:
    token = outcome.inputs.github_token
    set_outputs(action_outputs(outcome))
    add_summary(render_markdown(outcome))
    render = partial(render_comment, outcome)
    if token and (trouble := post_comment(token, render)):
        advice = (*trouble.advice, *connection_advice(trouble.message, environ))
        reporter.warn(masked_problem(replace(trouble, advice=advice), environ))


def _print_arns(outcome: Outcome) -> None:
    if outcome.regions and outcome.inputs.command is Command.ATTACH:
        sys.stdout.write(json.dumps(outcome.function_layers(), indent=2) + "\n")
    elif outcome.regions and outcome.releases:
        sys.stdout.write(json.dumps(outcome.arns(outcome.regions[0]), indent=2) + "\n")
    # Where both streams lead to one place, their lines keep the order in which they were written.
    sys.stdout.flush()
