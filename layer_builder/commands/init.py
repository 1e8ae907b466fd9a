"""`init`: looks at a repository, and writes a manifest for what is there; over one that is there, a diff."""

import os
import sys
from collections.abc import Mapping
from difflib import unified_diff
from pathlib import Path

from layer_builder.console import Console, sanitize_line
from layer_builder.errors import LayerBuilderError, ManifestError, Problem
from layer_builder.exit_codes import ExitCode
from layer_builder.inputs import INPUT_DEFAULTS
from layer_builder.manifest import read_manifest
from layer_builder.sources import Workspace
from layer_builder.survey import (
    WORKFLOW,
    guesses,
    look,
    propose,
    write_text,
    write_workflow,
)


def write_manifest(path: Path, environ: Mapping[str, str], *, workflow: bool = False) -> int:
    """Write a manifest for what lies in a folder, and with `workflow` the workflow that publishes it.

    `path` is the manifest's, or its folder. What is there already is not overwritten: standard output
    gets the difference. Gives the exit code.
    """
    console = Console()
    if path.is_dir():
        path /= INPUT_DEFAULTS["manifest"]
    # A link to nothing is there, too: writing would follow it.
    if os.path.lexists(path) and not path.is_file():
        console.error(Problem(message=f"{path} is there already, and no file; nothing was written"))
        return ExitCode.MANIFEST
    if not path.parent.is_dir():
        console.error(Problem(message=f"there is no folder {path.parent}; nothing was written"))
        return ExitCode.MANIFEST
    try:
        workspace = Workspace.around(path, environ)
        proposal = propose(look(workspace))
        console.lines(list(guesses(proposal)))
        console.lines([f"not used: {words}" for words in proposal.remarks])
        text = write_text(proposal)
        for problem in _mistakes(text, path, workspace):
            console.warn(problem)
        _put(workspace, path, text, console)
        if workflow:
            top = workspace.checkout or workspace.root
            manifest = Path(os.path.realpath(path)).relative_to(top).as_posix()
            place = top / WORKFLOW
            if not workspace.holds(place.parent):
                raise ManifestError.because(f"{place.parent} is a link that leaves the workspace")
            place.parent.mkdir(parents=True, exist_ok=True)
            _put(workspace, place, write_workflow(manifest), console)
        for words in proposal.warnings:
            console.warn(Problem(message=words, advice=("until then no build will do",)))
    except (LayerBuilderError, OSError, ValueError) as error:
        console.error(Problem(message=f"{path} cannot be written: {error}"))
        return ExitCode.MANIFEST
    console.lines([f"next: layer-builder publish --sandbox --manifest {path}"])
    return 0


def _mistakes(text: str, path: Path, workspace: Workspace) -> tuple[Problem, ...]:
    """Read a manifest before it is written: what is wrong then is wrong with the guesses."""
    try:
        read_manifest(text, str(path), locate=workspace.locate)
    except ManifestError as error:
        return error.problems
    return ()


def _put(workspace: Workspace, path: Path, text: str, console: Console) -> None:
    """Write a file; where there is one, say what would be different.

    Raises OSError, ValueError and LayerBuilderError.
    """
    if not os.path.lexists(path):
        workspace.write(path, text)
        console.lines([f"wrote {path}"])
        return
    before = workspace.load(path)
    if before == text:
        console.lines([f"{path} is there already, the same"])
        return
    names = (str(path), f"{path} as init would write it")
    for line in unified_diff(before.splitlines(), text.splitlines(), *names, lineterm=""):
        sys.stdout.write(f"{sanitize_line(line)}\n")
    sys.stdout.flush()
    console.lines([f"{path} is there already; nothing was overwritten, the difference is above"])
