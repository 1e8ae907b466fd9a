"""Wires the real world together: what a run reads of the environment, and what it reaches."""

import json
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path, PurePath

from layer_builder.addresses import DirectReader, LocalProjects
from layer_builder.archive import BuildCache, RemoteZips
from layer_builder.aws import Cloud
from layer_builder.backends import StandIn
from layer_builder.commands import Context
from layer_builder.connections import masked_problem
from layer_builder.console import Console
from layer_builder.direct import GitRemote, SourceStore
from layer_builder.errors import Problem
from layer_builder.forecast import Logins, WheelReader
from layer_builder.github import find_credentials, has_index_credentials, holds_nothing
from layer_builder.identity import find_provenance
from layer_builder.inputs import INPUT_DEFAULTS, Command, Inputs
from layer_builder.keeping import NO_CACHE_VARIABLE, SignedNotes
from layer_builder.model import Target
from layer_builder.outcome import Outcome
from layer_builder.prove import FindProver, Prover, find_interpreter
from layer_builder.resolve import Uv, UvWheels, find_uv_environment
from layer_builder.sources import Workspace
from layer_builder.tree import Scratch
from layer_builder.wheels import Wheels

_MANIFEST = re.compile(r'^  "manifest": (".*"),$', re.MULTILINE)
_HEAD_CHARACTERS = 4096
"""Of a report.json: its manifest is told before its layers."""

_REMOTE_REFUSAL = "nothing is read from elsewhere in a sandbox"
"""Its addresses lead out of it."""


def with_own_output_dir(asked: Inputs) -> Inputs:
    """Give a run its own output directory where the default one has another manifest's reports.

    Two manifests in one job then leave two reports, and neither finds the other's zips.
    """
    # What is promoted is not the manifest's, but what lies there.
    if asked.output_dir != INPUT_DEFAULTS["output-dir"] or asked.command is Command.PROMOTE:
        return asked
    try:
        with (Path(asked.output_dir) / "report.json").open(encoding="utf-8") as file:
            found = _MANIFEST.search(file.read(_HEAD_CHARACTERS))
        other = json.loads(found[1]) if found else ""
    except (OSError, ValueError):
        return asked
    mine = os.path.normpath(asked.manifest)
    if not other or os.path.normpath(other) == mine:
        return asked
    stem = re.sub(r"[^A-Za-z0-9._-]+", "-", str(PurePath(mine).with_suffix(""))).strip("-.")
    return replace(asked, output_dir=f"{asked.output_dir}-{stem}")


def make_context(
    asked: Inputs,
    environ: Mapping[str, str],
    reporter: "RecordingReporter",
    cloud: Cloud,
) -> Context:
    """Give what is outside of a run, from the environment and the inputs."""
    workspace = Workspace.around(Path(asked.manifest), environ, Path(asked.output_dir))
    credentials = find_credentials(environ, workspace.root)
    leave = _leave(asked, environ, credentials)
    of_uv, origins = find_uv_environment(workspace, environ, reporter.warn)
    remote = GitRemote(environ=environ)
    direct = DirectReader(projects=LocalProjects(workspace=workspace), remote=remote)
    scratch = Scratch.around(environ)
    uv = Uv(
        environ=of_uv,
        stand_in=StandIn(required=asked.require_isolation),
        wheels=Wheels.around(of_uv, environ),
        store=SourceStore.around(environ),
    )
    return Context(
        workspace=replace(workspace, index_origins=origins, direct=direct),
        installer=uv,
        wheels=WheelReader(
            source=UvWheels(uv=uv),
            authorization=Logins(environ=of_uv).authorization,
            folder=scratch.folder,
            # As uv reads it: https://docs.astral.sh/uv/reference/environment/#uv_offline
            is_offline=of_uv.get("UV_OFFLINE", "").lower() in {"1", "true", "yes", "on", "y", "t"},
        ),
        find_prover=_once(lambda target: _prover(target, environ, leave)),
        connect=cloud.connect,
        connect_source=partial(cloud.connect, profile=asked.source_profile),
        zips=RemoteZips(refusal=_REMOTE_REFUSAL if asked.sandbox else ""),
        seed=cloud.seed,
        default_regions=cloud.default_regions,
        known_regions=cloud.known_regions,
        provenance=lambda owner: find_provenance(owner, Path(asked.manifest), workspace, environ),
        reporter=reporter,
        know_python=uv.know_python,
        scratch=scratch,
        cache=BuildCache.around(environ),
        function_notes=SignedNotes.around(environ, "functions")
        if not environ.get(NO_CACHE_VARIABLE)
        else SignedNotes(),
        advice_notes=SignedNotes.around(environ, "advice"),
        service_notes=SignedNotes.around(environ, "services"),
        require_isolation=not leave,
        credentials=credentials,
        has_index_credentials=has_index_credentials(environ),
    )


def _leave(asked: Inputs, environ: Mapping[str, str], credentials: tuple[str, ...]) -> str:
    """Say why code of others may run where nothing isolates it; empty where it may not."""
    if not asked.require_isolation:
        return "require-isolation: false"
    publishes = asked.command not in {Command.BUILD, Command.PLAN}
    if not publishes and holds_nothing(environ, credentials):
        return "a job without credentials, which publishes nothing, on a runner that goes with it"
    return ""


def _once(find: FindProver) -> FindProver:
    """Look for each target's Python once, though several layers ask at the same time."""
    lock, known = threading.Lock(), cache(find)

    def find_prover(target: Target) -> Prover | None:
        with lock:
            return known(target)

    return find_prover


def _prover(target: Target, environ: Mapping[str, str], leave: str) -> Prover | None:
    prover = find_interpreter(target, environ)
    return prover and prover.with_leave(leave)


class RecordingReporter:
    """Tells, and writes warnings down for the report."""

    def __init__(self, reporter: Console, outcome: Outcome, environ: Mapping[str, str]) -> None:
        """Tell through a reporter, write to an outcome; the environment's proxies stay unnamed."""
        self._reporter = reporter
        self._outcome = outcome
        self._environ = environ
        self._noticed: set[Problem] = set()
        self._is_over = False

    def end(self) -> None:
        """Say nothing any more: what still runs is of no interest."""
        self._is_over = True

    def step(self, layer: str, text: str) -> None:
        """Say in one line what was done."""
        if not self._is_over:
            self._reporter.step(layer, text)

    def progress(self, layer: str, text: str, size: int = 0) -> None:
        """Show what is being done now, and to how many bytes."""
        if not self._is_over:
            self._reporter.progress(layer, text, size)

    def warn(self, problem: Problem) -> None:
        """Say what the user should look at, and note it."""
        if self._is_over:
            return
        shown = masked_problem(problem, self._environ)
        self._outcome.warnings.append(shown)
        self._reporter.warn(shown)

    def notice(self, problem: Problem) -> None:
        """Say what the user may want to know, once."""
        if problem not in self._noticed and not self._is_over:
            self._noticed.add(problem)
            self._reporter.notice(problem)
