"""What `attach` is asked for besides: functions by name, and versions to go back to.

On the command line these are words, `api core-deps@36`; the input `rollback` takes the same words, or
JSON such as `{"api": "core-deps@36"}`.
"""

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from layer_builder.errors import ManifestError, Problem, did_you_mean
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Stack

_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_WORD = re.compile(rf"(?P<name>[^@\s]+)(@(?P<number>{_NUMBER.pattern}))?", re.ASCII)
_SHAPE = 'it takes words such as `api core-deps@36`, or JSON: {"api": "core-deps@36"}, {"api": 12}'
_JSON_BEGINS = ("{", "[", '"')


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
class Word:
    """One thing that was named."""

    name: str = ""
    """A function's key or a layer's; nothing where there was only a number, of the function."""
    number: int | None = None
    function: str | None = None
    """The key of the function that it was said of, where it was said of one."""

    def problem(self, functions: Collection[str], layers: Collection[str]) -> Problem | None:
        """Say why it can mean nothing, or too much; None for what means one thing."""
        name, of = self.name, self.function
        if of is not None and of not in functions:
            return _unknown(of, functions, "function")
        if not name:
            return None
        if name in layers and name in functions and of in {None, name}:
            return Problem(
                message=f"{name} is a layer, and a function as well",
                advice=(f'JSON tells them apart: {{"{name}": 12}} is version 12 of the function',),
            )
        if name in layers or name == of:
            kind = "layer" if name in layers else "function"
            unsaid = f"which version of {kind} {name} to go back to is not said"
            return None if self.number else Problem(message=unsaid, advice=(f"write {name}@N",))
        if of is not None:
            return Problem(
                message=f"function {of} cannot go back to {self}: {name} is none of its layers",
                advice=(
                    f'name a version of its own, such as {{"{of}": 12}}, or LAYER@N of its layers',
                ),
            )
        known = {*layers, *functions}
        return None if name in functions else _unknown(name, known, "function or layer")

    def __str__(self) -> str:
        """Write it as it is typed."""
        return f"{self.name}@{self.number}" if self.number else self.name


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """What was named, in the order in which it was typed."""

    words: tuple[Word, ...] = ()

    def resolve(self, stacks: Sequence[Stack]) -> dict[str, Wish]:
        """Say which functions are meant, by key, and what each goes back to.

        Raises ManifestError for names that are neither a function nor a layer of one, and for a
        function that is to go back to two versions.
        """
        functions = [stack.key for stack in stacks]
        layers = {layer.key for stack in stacks for layer in stack.layers}
        problems = [word.problem(functions, layers) for word in self.words]
        if any(problems):
            raise ManifestError(*filter(None, problems))
        chosen: dict[str, Wish] = {}
        pins: list[tuple[str | None, str, int]] = []
        for word in self.words:
            key = word.function or word.name
            if key in functions and word.name in {"", key}:
                version = chosen.get(key, Wish()).version
                if version and word.number not in {None, version}:
                    raise _two_at_once(key)
                chosen[key] = Wish(version=word.number or version)
            elif word.number:
                pins.append((word.function, word.name, word.number))
        return _with_pins(chosen, pins, stacks)


def _with_pins(
    chosen: Mapping[str, Wish], pins: Sequence[tuple[str | None, str, int]], stacks: Sequence[Stack]
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
            layers = dict(before.layers)
            if before.version or layers.get(layer, number) != number:
                raise _two_at_once(key)
            result[key] = Wish(layers=tuple({**layers, layer: number}.items()))
    return result


def read_wishes(text: str) -> Wishes:
    """Read words, or JSON; an empty text has none. Raises ValueError that says what is wrong."""
    text = text.strip()
    if text.startswith(_JSON_BEGINS):
        words = _read_json(text)
    else:
        words = [_word(word) for word in re.split(r"[,\s]+", text) if word]
    if text and not words:
        raise ValueError(f"{text!r} names nothing to go back to; {_SHAPE}")
    return Wishes(words=tuple(words))


def _read_json(text: str) -> list[Word]:
    try:
        data = json.loads(text, object_pairs_hook=_unrepeated)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{text[:60]!r} is not JSON: {error}; {_SHAPE}") from None
    if not isinstance(data, dict):
        raise ValueError(f"{text[:60]!r} is JSON that names no functions; {_SHAPE}")  # noqa: TRY004 (of the text)
    empty = [function for function, value in data.items() if value == []]
    if empty:
        raise ValueError(f"function {empty[0]} has an empty list: leave it out; {_SHAPE}")
    return [
        _said_of(function, one)
        for function, value in data.items()
        for one in (value if isinstance(value, list) else [value])
    ]


def _unrepeated(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of its pairs. Raises ValueError for a key that is there twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f'{twice!r} is there twice: give it one list, such as ["a@1", "b@2"]')
    return found


def _said_of(function: str, value: object) -> Word:
    """Read what a function's value in JSON has. Raises ValueError."""
    if isinstance(value, str) and not value.isdigit():
        return _word(value, function)
    is_number = isinstance(value, (int, str)) and not isinstance(value, bool)
    if not is_number or not _NUMBER.fullmatch(str(value)):
        raise ValueError(
            f"function {function}: {json.dumps(value)} is neither a version's number nor"
            f" LAYER@NUMBER; {_SHAPE}"
        )
    return Word(number=int(str(value)), function=function)


def _word(text: str, function: str | None = None) -> Word:
    found = _WORD.fullmatch(text)
    if not found:
        raise ValueError(f"{text!r} is neither NAME nor NAME@NUMBER; {_SHAPE}")
    number = found["number"]
    return Word(name=found["name"], number=int(number) if number else None, function=function)


def _two_at_once(function: str) -> ManifestError:
    return ManifestError.because(
        f"function {function} cannot go back to two versions at once", advice=("name one of them",)
    )


def _unknown(name: str, known: Collection[str], kind: str) -> Problem:
    return Problem(message=f"there is no {kind} {name!r}", advice=did_you_mean(name, list(known)))
