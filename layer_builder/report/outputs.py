"""Wires the real world together, and turns failures into words and exit codes."""

import json
import os
import signal
import sys
import traceback
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, redirect_stdout
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import layer_builder
from layer_builder import (
    cli,
    errands,
    github,
    handoff,
    indexes,
    inputs,
    interpreter,
    masking,
    page,
    pipeline,
    remote_zip,
    report,
    schema,
    summary,
)
from layer_builder.build_cache import BuildCache
from layer_builder.console import Console
from layer_builder.errors import (
    ISSUES_URL,
    LayerBuilderError,
    ManifestError,
    Place,
    Problem,
)
from layer_builder.inputs import Command, Inputs
from layer_builder.layer import Action
from layer_builder.outcome import Outcome
from layer_builder.scratch import Scratch
from layer_builder.shelf import Shelf
from layer_builder.uv import Uv
from layer_builder.workspace import Workspace
from layer_builder.world import World

if TYPE_CHECKING:
    from layer_builder.cloud import Cloud

NAMED_OUTPUTS = ("shared-code", "core-deps", "optional-deps", "shared-deps")
"""Layers whose ARN has an output of its own, `<key>-arn`; the others are in `layer-arns`."""


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the command line, or without arguments the action; gives the exit code."""
    # A cancelled workflow sends both: either way the run says what it did. A shell's background job
    # begins with SIGINT ignored (POSIX.1-2017, Shell Command Language, 2.11).
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    if not arguments and any(name.startswith("INPUT_") for name in environ):
        return _guarded(lambda: github.read_inputs(inputs.DEFAULTS), environ)
    namespace = cli.parse(arguments or ["--help"])
    match namespace.command:
        case "schema":
            sys.stdout.write(json.dumps(schema.json_schema(), indent=2) + "\n")
            return 0
        case "init":
            return errands.init(Path(namespace.manifest))
        case _:
            return _run(namespace, environ)


def _run(namespace: Namespace, environ: Mapping[str, str]) -> int:
    work = errands.of(namespace, sys.stdout)
    if work is None:
        return _guarded(lambda: cli.values(namespace), environ)
    # What an errand is for stands alone on standard output; all else is said beside it.
    with redirect_stdout(sys.stderr):
        return _guarded(lambda: cli.values(namespace), environ, work)


def _guarded(
    values: Callable[[], Mapping[str, str]],
    environ: Mapping[str, str],
    work: errands.Work | None = None,
) -> int:
    """Run, and tell every failure in the reader's words."""
    voice = github.Actions(sys.stdout) if github.is_running() else Console()
    outcome = Outcome(inputs=Inputs())
    recording = _Recording(voice, outcome)
    try:
        asked = inputs.read(values())
        outcome.inputs = asked
        cloud = _later(asked)
        world = _world(asked, environ, recording, cloud)
        with cloud().entered() if asked.sandbox and not work else nullcontext():
            if work:
                work(asked, world, outcome)
            else:
                pipeline.run(asked, world, outcome)
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
        voice.error(problem)
    if not work:
        _warn_of_masks(outcome, recording)
        _tell(outcome, voice)
    return outcome.exit_code


def _warn_of_masks(outcome: Outcome, voice: "_Recording") -> None:
    """Warn where the ARNs of this run will not reach other jobs."""
    has_arns = bool(outcome.releases or outcome.function_layers())
    if not github.is_running() or outcome.inputs.sandbox or not has_arns:
        return
    if (workflow := github.workflow()) and (problem := masking.find(workflow)):
        voice.warn(problem)


def _later(asked: Inputs) -> "Callable[[], Cloud]":
    @cache
    def load() -> "Cloud":
        # Importing boto3 takes as long as half of all else, and `build` needs none.
        from layer_builder.cloud import Cloud  # noqa: PLC0415 (as said)

        return Cloud.of(asked)

    return load


def _world(
    asked: Inputs, environ: Mapping[str, str], voice: "_Recording", cloud: "Callable[[], Cloud]"
) -> World:
    root = Path(environ.get("GITHUB_WORKSPACE") or Path.cwd())
    workspace = Workspace.around(Path(asked.manifest), root, Path(asked.output_dir))
    return World(
        workspace=workspace,
        installer=Uv(
            environ=indexes.environment(environ, _index_settings(workspace, environ, voice))
        ),
        find_prover=cache(lambda target: interpreter.find(target, environ)),
        connect=lambda region: cloud().connect(region),
        reach=lambda region: cloud().reach(region),
        measure=remote_zip.nothing if asked.sandbox else remote_zip.unzipped_bytes,
        furnish=lambda region, stacks, shelf: cloud().furnish(region, stacks, shelf),
        default_regions=lambda: cloud().default_regions,
        voice=voice,
        scratch=Scratch.around(environ),
        cache=BuildCache.around(environ),
    )


def _index_settings(
    workspace: Workspace, environ: Mapping[str, str], voice: "_Recording"
) -> dict[str, str]:
    """Read the index settings of the caller's uv files: the nearest in the workspace, the user's."""
    folders = [folder for folder in (workspace.base, *workspace.base.parents)
               if folder.is_relative_to(workspace.root)]  # fmt: skip
    user = Path(environ.get("XDG_CONFIG_HOME") or Path(environ.get("HOME", "~"), ".config"))
    candidates = [folder / name for folder in folders for name in ("uv.toml", "pyproject.toml")]
    found: dict[str, str] = {}
    for path in (*candidates, user / "uv" / "uv.toml"):
        if not path.is_file():
            continue
        try:
            text = path.read_text(encoding="utf-8")
            settings = indexes.settings(text, of_pyproject=path.name == "pyproject.toml")
        except (OSError, ValueError) as error:
            place = Place(file=os.path.relpath(path))
            message = f"its index settings are not used, since it cannot be read: {error}"
            voice.warn(Problem(message=message, place=place))
            continue
        found = settings | found
    return found


class _Recording:
    """A voice that also writes warnings down for the report."""

    def __init__(self, voice: Console, outcome: Outcome) -> None:
        self._voice = voice
        self._outcome = outcome

    def step(self, layer: str, text: str) -> None:
        self._voice.step(layer, text)

    def busy(self, layer: str, text: str) -> None:
        self._voice.busy(layer, text)

    def warn(self, problem: Problem) -> None:
        self._outcome.warnings.append(problem)
        self._voice.warn(problem)


def _tell(outcome: Outcome, voice: Console) -> None:
    """Write reports, outputs, summary and comment, whatever the run came to."""
    markdown = summary.markdown(outcome)
    folder = Path(outcome.inputs.output_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        data = json.dumps(report.as_data(outcome), indent=2, ensure_ascii=False)
        (folder / "report.json").write_text(data + "\n", encoding="utf-8")
        (folder / "report.md").write_text(markdown, encoding="utf-8")
        (folder / "report.html").write_text(page.html(outcome), encoding="utf-8")
        for name, content in handoff.files(outcome).items():
            Shelf(folder=folder).put(name, content)
    except OSError as error:
        voice.error(Problem(message=f"the reports could not be written: {error}"))
        outcome.exit_code = outcome.exit_code or ManifestError.exit_code
    for built in outcome.built.values():
        if built.account.packages:
            title = f"{built.layer.key} {built.layer.target.label}: {len(built.account.packages)} distributions"
            voice.details(title, summary.account_lines(built))
    if github.is_running():
        github.set_outputs(_outputs(outcome))
        github.add_summary(markdown)
        if outcome.inputs.github_token and (
            trouble := github.comment(outcome.inputs.github_token, markdown)
        ):
            voice.warn(Problem(message=trouble))
    elif outcome.regions and outcome.inputs.command is Command.ATTACH:
        sys.stdout.write(json.dumps(outcome.function_layers(), indent=2) + "\n")
    elif outcome.regions and outcome.releases:
        sys.stdout.write(json.dumps(outcome.arns(outcome.regions[0]), indent=2) + "\n")
    voice.lines([summary.title(outcome)])


def _outputs(outcome: Outcome) -> dict[str, str]:
    """Give every output of `action.yml`."""
    by_region = {region: outcome.arns(region) for region in outcome.regions}
    first = by_region[outcome.regions[0]] if outcome.regions else {}
    folder = outcome.inputs.output_dir
    data: dict[str, object] = {
        "layer-arns": first,
        "layer-arns-by-region": by_region,
        **{f"{key}-arn": first.get(key, "") for key in NAMED_OUTPUTS},
        "function-layers": dict(outcome.function_layers()),
        "published": outcome.keys_with(Action.PUBLISHED),
        "unchanged": outcome.keys_with(Action.UNCHANGED),
        "matrix": outcome.matrix(),
        "report": f"{folder}/report.json",
        "output-dir": folder,
    }
    return {
        name: value if isinstance(value, str) else json.dumps(value) for name, value in data.items()
    }


def _our_bug() -> Problem:
    return Problem(
        message=f"a bug of layer-builder {layer_builder.__version__}",
        details=(traceback.format_exc(),),
        advice=(f"please report it, with the lines above: {ISSUES_URL}",),
    )
