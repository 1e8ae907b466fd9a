"""The events of a function: files of the workspace, and those in the manifest."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from layer_builder.errors import Problem, did_you_mean
from layer_builder.model import Event, Reference, Stack
from layer_builder.sources import Workspace

_MOST_BYTES = 6 * 1024 * 1024
"""What a synchronous call may carry:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def read_events(stack: Stack, workspace: Workspace) -> tuple[list[Event], list[Problem]]:
    """Read the events of a function, and give what is wrong with them."""
    events, problems = [], []
    for reference in stack.settings.event_files:
        paths = list(_matching(reference.text, workspace.base))
        if not paths:
            problems.append(_absent(stack, reference, workspace))
        for path in paths:
            event = _read(path, reference, workspace)
            if isinstance(event, Problem):
                problems.append(event)
            else:
                events.append(event)
    return [*events, *stack.settings.events], problems


def _matching(pattern: str, base: Path) -> Iterator[Path]:
    if re.search(r"[*?\[]", pattern):
        yield from sorted(path for path in base.glob(pattern) if path.is_file())
    elif (base / pattern).is_file():
        yield base / pattern


def _read(path: Path, reference: Reference, workspace: Workspace) -> Event | Problem:
    name = path.relative_to(workspace.base).as_posix()
    try:
        if not workspace.holds(path):
            return Problem(
                message=f"{name} is a link that leaves the workspace", place=reference.place
            )
        body = workspace.load(path, _MOST_BYTES)
        json.loads(body)
    except (OSError, ValueError, RecursionError) as error:
        return Problem(message=f"event {name} cannot be read: {error}", place=reference.place)
    return Event(name=name, body=body, place=reference.place)


def _absent(stack: Stack, reference: Reference, workspace: Workspace) -> Problem:
    folder = (workspace.base / reference.text).parent
    there = [path.name for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []
    named = Path(reference.text).name
    return Problem(
        message=f"function {stack.key}: there is no event at {reference.text}",
        place=reference.place,
        advice=(f"beside it: {', '.join(there[:5])}",) if there else did_you_mean(named, there),
    )
