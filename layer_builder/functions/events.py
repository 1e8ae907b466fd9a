"""The events of a function: read from files of the workspace, and what their answers must hold."""

import json
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from layer_builder.errors import Problem, did_you_mean
from layer_builder.model import Event, Reference, Stack
from layer_builder.sources import Workspace

_GLOB = re.compile(r"(?:(?P<folder>[^*?\[]*)/)?(?P<rest>[^/]*[*?\[].*)")
"""A pattern, and the folder that it begins with, which has no wildcard in its path."""
_SHOWN = 200
"""Characters of a value in a message."""
_MOST_BYTES = 6 * 1024 * 1024
"""What a synchronous call may carry:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""


def read_events(stack: Stack, workspace: Workspace) -> tuple[list[Event], list[Problem]]:
    """Read the events of a function, and give what is wrong with them."""
    events, problems = [], []
    for reference in stack.settings.event_files:
        paths = list(_matching(reference.text, workspace))
        if not paths:
            problems.append(_absent(stack, reference, workspace))
        for path in paths:
            event = _read(path, reference, workspace)
            if isinstance(event, Problem):
                problems.append(event)
            else:
                events.append(event)
    return [*events, *stack.settings.events], problems


def _matching(pattern: str, workspace: Workspace) -> Iterator[Path]:
    if match := _GLOB.fullmatch(pattern):
        folder = workspace.find(match["folder"] or ".")
        if workspace.holds(folder):
            yield from sorted(path for path in folder.glob(match["rest"]) if path.is_file())
    elif (place := workspace.find(pattern)).is_file():
        yield place


def _read(path: Path, reference: Reference, workspace: Workspace) -> Event | Problem:
    name = str(PurePosixPath(workspace.folder_of(workspace.relative(path)), path.name))
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
    folder = workspace.find(reference.text).parent
    there = [path.name for path in sorted(folder.glob("*.json"))] if folder.is_dir() else []
    named = Path(reference.text).name
    return Problem(
        message=f"function {stack.key}: there is no event at {reference.text}",
        place=reference.place,
        advice=workspace.seen_from_elsewhere(reference.text)
        or ((f"beside it: {', '.join(there[:5])}",) if there else did_you_mean(named, there)),
    )


def differences(expected: str, answer: str) -> list[str]:
    """List where an answer does not hold what is expected; both are JSON.

    Of a mapping the expected keys count, of a list as many entries in their order, of all else the
    same value.

    >>> differences('{"statusCode": 200}', '{"statusCode": 500, "body": ""}')
    ['statusCode: 200 was expected, the answer has 500']
    """
    return list(_differences(json.loads(expected), json.loads(answer), ""))


def _differences(expected: Any, answer: Any, path: str) -> Iterator[str]:  # noqa: ANN401 (any JSON)
    match expected, answer:
        case dict(), dict():
            for key, value in expected.items():
                where = f"{path}.{key}" if path else str(key)
                if key in answer:
                    yield from _differences(value, answer[key], where)
                else:
                    yield f"{where}: {_shown(value)} was expected, the answer has no such key"
        case list(), list() if len(expected) == len(answer):
            for index, (value, other) in enumerate(zip(expected, answer, strict=True)):
                yield from _differences(value, other, f"{path}[{index}]")
        case _ if type(expected) is type(answer) and expected == answer:
            return
        case ((int() | float()), (int() | float())) if (
            not isinstance(expected, bool) and not isinstance(answer, bool) and expected == answer
        ):
            return
        case _:
            where = f"{path}: " if path else ""
            yield f"{where}{_shown(expected)} was expected, the answer has {_shown(answer)}"


def _shown(value: Any) -> str:  # noqa: ANN401 (any JSON)
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
