"""What `attach` is asked for besides: functions by name, and versions to go back to.

On the command line these are words, `api core-deps@36`; the input `rollback` takes the same words, or
JSON such as `{"api": "core-deps@36"}`.
"""

import json
import re
from collections.abc import Sequence

from layer_builder.errors import ManifestError, Problem, did_you_mean
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Stack

_WORD = re.compile(r"(?P<name>[^@\s]+)(@(?P<number>[1-9][0-9]{0,8}))?", re.ASCII)
_SHAPE = 'it takes words such as `api core-deps@36`, or JSON: {"api": "core-deps@36"}, {"api": 12}'


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What one function is to go back to; nothing in it means what it would get anyway."""

    layers: tuple[tuple[str, int], ...] = ()
    """Keys of layers, each with a version's number; its other layers stay as they are."""
    version: int | None = None
    """A published version of the function, whose layers it gets."""

    @property
    def goes_back(self) -> bool:
        """Whether it names what the function gets."""
        return bool(self.layers or self.version)


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """Words as they were typed, each with the function that it is about, if that was said."""

    words: tuple[tuple[str, str], ...] = ()
    """The function's key, or nothing; and a word, `NAME` or `NAME@NUMBER`."""

    def resolve(self, stacks: Sequence[Stack]) -> dict[str, Wish]:
        """Say which functions are meant, by key, and what each goes back to.

        Raises ManifestError for names that are neither a function nor a layer of one.
        """
        functions = {stack.key: stack for stack in stacks}
        keys = {layer.key for stack in stacks for layer in stack.layers}
        problems: list[Problem] = []
        chosen: dict[str, Wish] = {}
        pins: list[tuple[str, str, int]] = []
        for function, word in self.words:
            name, _, number = word.partition("@")
            if function and function not in functions:
                problems.append(_unknown(function, functions, "function"))
            elif name in keys and name in functions:
                problems.append(Problem(message=f"{name} is a layer, and a function as well"))
            elif number and name in keys:
                pins.append((function, name, int(number)))
            elif name in functions:
                chosen[name] = Wish(version=int(number) if number else None)
            else:
                problems.append(_unknown(name, {*keys, *functions}, "function or layer"))
        if problems:
            raise ManifestError(*problems)
        return _with_pins(chosen, pins, stacks)


def _with_pins(
    chosen: dict[str, Wish], pins: Sequence[tuple[str, str, int]], stacks: Sequence[Stack]
) -> dict[str, Wish]:
    """Give each version to the function that it is for, else to those named, else to all."""
    result = dict(chosen)
    for function, layer, number in pins:
        meant = [function] if function else list(chosen) or [stack.key for stack in stacks]
        having = [
            stack.key
            for stack in stacks
            if stack.key in meant and layer in {one.key for one in stack.layers}
        ]
        if not having:
            raise ManifestError.because(f"{' and '.join(meant)} has no layer {layer}")
        for key in having:
            before = result.get(key, Wish())
            if before.version or layer in dict(before.layers):
                raise ManifestError.because(
                    f"function {key} cannot go back to two versions at once"
                )
            result[key] = Wish(layers=(*before.layers, (layer, number)))
    return result


def read_wishes(text: str) -> Wishes:
    """Read words, or JSON. Raises ValueError that says what is wrong."""
    try:
        data = json.loads(text)
    except ValueError:
        data = None
    if not isinstance(data, dict):
        return Wishes(words=tuple(("", _word(word)) for word in re.split(r"[,\s]+", text) if word))
    words = []
    for function, value in data.items():
        for one in value if isinstance(value, list) else [value]:
            is_number = isinstance(one, int) or (isinstance(one, str) and one.isdigit())
            words.append((function, _word(f"{function}@{one}" if is_number else str(one))))
    return Wishes(words=tuple(words))


def _word(word: str) -> str:
    if not _WORD.fullmatch(word):
        raise ValueError(f"{word!r} is neither NAME nor NAME@NUMBER; {_SHAPE}")
    return word


def _unknown(name: str, known: "set[str] | dict[str, Stack]", kind: str) -> Problem:
    return Problem(message=f"there is no {kind} {name!r}", advice=did_you_mean(name, list(known)))
