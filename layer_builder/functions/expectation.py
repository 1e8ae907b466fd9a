"""Whether an answer holds what is expected of it."""

import json
from collections.abc import Iterator
from typing import Any

_SHOWN = 200


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
