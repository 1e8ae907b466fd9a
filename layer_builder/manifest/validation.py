"""Says a validator's findings in the manifest's words, each at its line and column."""

import difflib
from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from layer_builder.errors import ManifestError, Problem, did_you_mean
from layer_builder.manifest import entries, schema
from layer_builder.manifest.document import Document, YamlPath
from layer_builder.model import DESCRIPTION_CHARACTERS, STAMP_CHARACTERS
from layer_builder.paths import PathMistakeError, normal_path, path_below

Locate = Callable[[str], str | Problem]
"""Gives the one spelling of a path that a manifest names, or says why it is not to be followed."""


def locate_below(path: str) -> str | Problem:
    """Take paths below the manifest's folder: where nobody knows a workspace around that."""
    try:
        found = normal_path(path)
    except PathMistakeError as error:
        return Problem(message=f"{path!r} {error}", advice=(error.advice,))
    if path_below(found) is None:
        return Problem(message=f"{found} leads out of the workspace")
    return found


class Mistakes:
    """Collects what is wrong with a document, to raise it all at once."""

    def __init__(
        self,
        document: Document,
        problems: Iterable[Problem] = (),
        locate: Locate = locate_below,
    ) -> None:
        """Start with those known already; `locate` judges paths."""
        self.document = document
        self._locate = locate
        self._problems = dict.fromkeys(problems)

    def __len__(self) -> int:
        """Count them."""
        return len(self._problems)

    def add(
        self,
        message: str,
        path: YamlPath,
        *,
        layer: str | int | None = None,
        of_key: bool = False,
        advice: str = "",
    ) -> None:
        """Note a mistake at a path of the document, at its key or at its value."""
        problem = Problem(
            message=message,
            layer=str(layer) if layer is not None else None,
            place=self.document.place(path, of_key=of_key),
            advice=(advice,) if advice else (),
        )
        self._problems[problem] = None

    def path(
        self, text: str, at: YamlPath, *, layer: str | int | None = None, of: str = ""
    ) -> str | None:
        """Give the one spelling of a path that stands there; None, and a mistake, for one that is none.

        `of` comes before the message.
        """
        found = self._locate(text)
        if isinstance(found, str):
            return found
        problem = replace(
            found,
            message=f"{of}{found.message}",
            layer=str(layer) if layer is not None else None,
            place=self.document.place(at),
        )
        self._problems[problem] = None
        return None

    def error(self) -> ManifestError:
        """Give the error that holds all of them, in the order of the file."""
        return ManifestError(*sorted(self._problems, key=by_place))


def by_place(problem: Problem) -> tuple[int, int]:
    """Give the sort key that puts problems in the order of their file."""
    place = problem.place
    return (place.line or 0, place.column or 0) if place else (0, 0)


def validation_problems(error: ValidationError, document: Document) -> list[Problem]:
    """Turn each finding of the model into a problem with place and advice."""
    return [_problem(details, document) for details in error.errors(include_url=False)]


def _problem(details: ErrorDetails, document: Document) -> Problem:
    path = document.known(tuple(details["loc"]))
    name = path[-1] if path else "the manifest"
    layer = str(path[1]) if len(path) > 1 and path[0] == "layers" else None
    place = document.place(path)
    match details["type"]:
        case "extra_forbidden":
            advice = did_you_mean(str(name), _keys_at(path[:-1]))
            message = f"unknown key {name!r}"
            return Problem(
                message=message, layer=layer, place=document.place(path, of_key=True), advice=advice
            )
        case "missing":
            missing = details["loc"][-1]
            return Problem(
                message=f"{_subject(path)} needs the key {missing!r}", layer=layer, place=place
            )
        case "enum" | "literal_error":
            given = str(details["input"])
            choices = [
                word.strip("' ") for word in _choices(details).replace(" or ", ",").split(",")
            ]
            return Problem(
                message=f"{_subject(path)}: {_describe(details['input'])} is not one of {', '.join(choices)}",
                layer=layer,
                place=place,
                advice=_nearest_choice(given, choices),
            )
        case "value_error":
            reason = details["msg"].removeprefix("Value error, ")
            return Problem(
                message=f"{_subject(path)}: {_describe(details['input'])}: {reason}",
                layer=layer,
                place=place,
            )
        case "string_too_long":
            longest = details["ctx"]["max_length"]
            stamped = f", {STAMP_CHARACTERS} of them for the stamp" if name == "description" else ""
            most = DESCRIPTION_CHARACTERS if stamped else longest
            left = f": {longest} are left" if stamped else ""
            return Problem(
                message=f"{_subject(path)} has {len(details['input'])} characters; AWS takes"
                f" {most}{stamped}{left}",
                layer=layer,
                place=place,
            )
        case kind:
            return Problem(
                message=f"{_subject(path)} {_WANTED.get(kind) or details['msg'].replace('Input should', 'should')},"
                f" not {_describe(details['input'])}",
                layer=layer,
                place=place,
            )


_OTHER_NAMES = {
    **dict.fromkeys(("amd64", "x64", "x86-64", "x86", "intel", "i686", "i386"), "x86_64"),
    **dict.fromkeys(("aarch64", "armv8", "graviton", "arm"), "arm64"),
}
"""What others call Lambda's architectures: Docker, Debian, Node.js, Windows, the kernel."""


def _nearest_choice(given: str, choices: Collection[str]) -> tuple[str, ...]:
    """Offer the choice that was meant, by another's name for it or by its letters."""
    meant = _OTHER_NAMES.get(given.lower())
    if meant and meant in choices:
        return (f"did you mean {meant!r}? {given} is another name for it",)
    if given not in choices and difflib.get_close_matches(given, choices, n=1):
        return did_you_mean(given, choices)
    return ()


_MAX_TEXT = 60
"""Characters of a wrong value that a message repeats."""


_WANTED = {
    "string_type": "must be text",
    "string_pattern_mismatch": "must be the ARN of a layer version",
    "list_type": "must be a list",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping of keys",
    "model_attributes_type": "must be a mapping of keys",
    "too_short": "must have at least one entry",
    "string_too_short": "must have at least one character",
    "byte_size": "must be a size such as `50 MiB`",
    "byte_size_unit": "must be a size such as `50 MiB`",
}


def _choices(details: ErrorDetails) -> str:
    return str(details["ctx"]["expected"])


def _subject(path: YamlPath) -> str:
    """Name the key, with the list it stands in: `python`, `keep, entry 2`."""
    if path and isinstance(path[-1], int):
        return f"{path[-2]}, entry {path[-1] + 1}"
    return str(path[-1]) if path else "the manifest"


def _describe(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case dict():
            return "a mapping" if value else "an empty mapping"
        case list():
            return "a list" if value else "an empty list"
        case _:
            text = repr(value)
            return text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 3]}…'"


_MODELS: dict[str, type[BaseModel]] = {
    "limits": entries.Limits,
    "permissions": entries.PermissionsEntry,
    "project": entries.ProjectEntry,
    "retain": entries.RetainEntry,
    "s3": entries.S3Entry,
}
"""What stands below a key of a layer, or at the top."""


def _keys_at(path: YamlPath) -> set[str]:
    """List the keys that the model knows at a place."""
    model: type[BaseModel]
    match path:
        case ():
            model = schema.ManifestFile
        case ("layers", _):
            model = schema.LayerEntry
        case ("functions", _):
            model = schema.FunctionEntry
        case ("functions", _, "external", _):
            model = entries.ExternalEntry
        case ("functions", _, "events", _):
            model = entries.EventEntry
        case (*_, str(key)) if key in _MODELS:
            model = _MODELS[key]
        case _:
            model = entries.IncludeFrom
    return {field.alias or name for name, field in model.model_fields.items()}
