"""What a confined program answers: a line of JSON each, on a pipe of its own."""

import json
import os
import select
from collections.abc import Callable, Iterator
from typing import Any

_MOST_ANSWER_BYTES = 64 * 1024 * 1024


class SilentError(Exception):
    """No answer came in time."""


def read_answers(read_end: int, time_left: Callable[[], float]) -> Iterator[dict[str, Any]]:
    """Read answers line by line until the other end closes; text that is not one is passed over.

    `time_left` gives the seconds that may pass until the next one. Raises SilentError.
    """
    held = b""
    total_cost = 0
    while True:
        ready, _, _ = select.select([read_end], [], [], time_left())
        if not ready:
            raise SilentError
        data = os.read(read_end, 65536)
        total_cost += len(data)
        if not data or total_cost > _MOST_ANSWER_BYTES:
            return
        *lines, held = (held + data).split(b"\n")
        for line in lines:
            try:
                answer = json.loads(line)
            except ValueError:
                continue
            if isinstance(answer, dict):
                yield answer
