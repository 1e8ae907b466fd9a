"""What a function's proof rests on, as a digest."""

import hashlib
from collections.abc import Sequence

from layer_builder.archive import sha256_of
from layer_builder.errors import ManifestError, Problem
from layer_builder.functions.events import read_events
from layer_builder.functions.own_code import OwnCode
from layer_builder.keeping import code_digest
from layer_builder.model import Event, FunctionSettings, Stack
from layer_builder.sources import Workspace, collect_files


def proof_key(
    stack: Stack, python: str, contents: Sequence[str], own: OwnCode, events: Sequence[Event]
) -> str:
    """Give a digest of all that a proof rests on: a stack with the same one is proven already.

    `python` is the path of the interpreter, `contents` are digests of the layers.
    """
    settings = stack.settings
    parts = (
        code_digest(),
        stack.key, stack.function_name, stack.target.label, python, list(contents), _without_places(settings),
        [(event.name, event.body, event.expect) for event in events],
        [(path, sha256_of(source)) for path, source in sorted(own.sources.items())],
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def absent_files(stack: Stack, workspace: Workspace) -> list[Problem]:
    """List what a function names and is not there: known before anything is built."""
    settings, test = stack.settings, stack.settings.test
    _, problems = read_events(stack, workspace)
    for includes in (settings.code, test.sources if test else ()):
        problems += collect_files(workspace, includes, ()).problems
    return problems


def evidence_of(stack: Stack, workspace: Workspace, tools: str) -> list[object]:
    """List what a function is proven with besides its layers, JSON-ready; runs nothing.

    `tools` has the versions that its test-command requires. Raises ManifestError for events and
    code that are not there.
    """
    settings, test = stack.settings, stack.settings.test
    events, problems = read_events(stack, workspace)
    code = collect_files(workspace, settings.code, ())
    sources = collect_files(workspace, test.sources if test else (), ())
    if wrong := [*problems, *code.problems, *sources.problems]:
        raise ManifestError(*wrong)
    return [
        [stack.key, stack.function_name, stack.target.label, _without_places(settings)],
        [[event.name, event.body, event.expect] for event in events],
        [[file.path, file.executable, sha256_of(file.source)] for file in code.files],
        [test.command.text, [require.text for require in test.requires], tools] if test else [],
        [[file.path, file.executable, sha256_of(file.source)] for file in sources.files],
    ]


def _without_places(settings: FunctionSettings) -> str:
    """Write settings without their lines in the manifest."""
    return repr((
        settings.handler and settings.handler.text, settings.environment, settings.timeout,
    ))  # fmt: skip
