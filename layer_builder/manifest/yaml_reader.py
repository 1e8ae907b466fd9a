"""YAML text to a document.

Only what a manifest needs of YAML is resolved: `off` stays the word `off` and `3.10` stays the
text `3.10` (YAML 1.1 would make them `False` and the number 3.1).
"""

import math
import re

import yaml

from layer_builder.errors import Place, Problem
from layer_builder.manifest.document import Document, YamlPath, YamlValue

MAX_VALUES = 20_000
"""More than any manifest needs; a few anchors that refer to each other expand to billions."""


MAX_CHARACTERS = 1024 * 1024


MAX_DEPTH = 100
"""More than any manifest nests. For what opens without an end PyYAML takes the square of the time."""


class _Loader(yaml.SafeLoader):
    """The safe loader with YAML 1.2's core words only."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (PyYAML's own protocol: a table on the class)
    _depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node, unless it is too deep for one of a manifest; raises RecursionError."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise RecursionError
        node: yaml.Node | None = super().compose_node(parent, index)
        self._depth -= 1
        return node


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""]
)


_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])


_INT = re.compile(r"^[-+]?[0-9]{1,18}$")


_Loader.add_implicit_resolver("tag:yaml.org,2002:int", _INT, list("-+0123456789"))


# A number of JSON with a fraction: https://www.rfc-editor.org/rfc/rfc8259#section-6
_FRACTION = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")


_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])


def parse_yaml(text: str, file: str, *, tags: bool = False) -> Document:
    """Read YAML text; faults become problems of the document, never exceptions.

    With `tags`, those of CloudFormation's short forms are read as its long ones, `!Ref X` as
    `{Ref: X}`: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html.
    """
    if len(text) > MAX_CHARACTERS:
        return _failed(file, f"larger than {MAX_CHARACTERS:,} characters: not a manifest")
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        return _failed(file, *_syntax(error, file))
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # PyYAML lets chr() and int() raise on escapes and version numbers that are out of range.
        return _failed(file, f"not YAML: {error}")
    except RecursionError:
        return _failed(file, _TOO_DEEP)
    if root is None:
        return _failed(file, "the manifest is empty", advice=_START)
    reader = _TemplateReader(file) if tags else _YamlReader(file)
    value: YamlValue = None
    try:
        value = reader.read(root, ())
    except _TooMuchError as stop:
        reader.problems.append(stop.problem)
    except RecursionError:
        place = Place(file=file, line=1, column=1)
        reader.problems.append(Problem(message=_TOO_DEEP, place=place))
    return Document(
        file=file,
        value=value,
        keys=reader.keys,
        values=reader.values,
        problems=tuple(reader.problems),
    )


_TOO_DEEP = "nested too deeply to be a manifest"


_START = "`layer-builder init` writes one to start from"


def _failed(file: str, message: str, place: Place | None = None, advice: str = "") -> Document:
    problem = Problem(
        message=message,
        place=place or Place(file=file, line=1, column=1),
        advice=(advice,) if advice else (),
    )
    return Document(file=file, value=None, problems=(problem,))


def _syntax(error: yaml.MarkedYAMLError, file: str) -> tuple[str, Place | None, str]:
    mark = error.problem_mark or error.context_mark
    place = Place(file=file, line=mark.line + 1, column=mark.column + 1) if mark else None
    message = " ".join(part for part in (error.context, error.problem) if part)
    if "'\\t'" in message:
        return "YAML does not allow tabs for indentation", place, "indent with spaces"
    return f"not YAML: {message}", place, ""


_COLLECTIONS = frozenset({"tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})


_UNFIT = re.compile("[\0\ud800-\udfff]")
"""NUL, and halves of characters, which only an escape can write."""


def _is_own(pair: tuple[yaml.Node, yaml.Node]) -> bool:
    return pair[0].tag != "tag:yaml.org,2002:merge"


def _is_fraction(node: yaml.ScalarNode, path: YamlPath) -> bool:
    """Tell a number with a fraction in an event, where it is no version such as 3.10."""
    is_event = path[:1] == ("functions",) and path[2:3] == ("events",)
    if not (is_event and node.style is None and _FRACTION.fullmatch(node.value)):
        return False
    return math.isfinite(float(node.value))


class _TooMuchError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _YamlReader:
    """Turns composed nodes into values, and writes down where they were."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.keys: dict[YamlPath, Place] = {}
        self.values: dict[YamlPath, Place] = {}
        self.problems: list[Problem] = []
        self._open: list[yaml.Node] = []
        self._count = 0

    def read(self, node: yaml.Node, path: YamlPath) -> YamlValue:
        place = self._place(node)
        self.values.setdefault(path, place)
        self._count += 1
        if self._count > MAX_VALUES:
            raise _TooMuchError(
                Problem(message=f"its anchors expand to over {MAX_VALUES:,} values", place=place)
            )
        if any(node is other for other in self._open):
            raise _TooMuchError(Problem(message="an anchor contains itself", place=place))
        self._open.append(node)
        try:
            if isinstance(node, yaml.CollectionNode) and node.tag not in _COLLECTIONS:
                self._refuse_tag(node)
            match node:
                case yaml.MappingNode():
                    return self._mapping(node, path)
                case yaml.SequenceNode():
                    return [self.read(item, (*path, i)) for i, item in enumerate(node.value)]
                case yaml.ScalarNode():
                    return self._scalar(node, path)
                case _:
                    self._refuse_tag(node)
                    return None
        finally:
            self._open.pop()

    def _scalar(self, node: yaml.ScalarNode, path: YamlPath) -> YamlValue:
        match node.tag:
            case "tag:yaml.org,2002:null":
                return None
            case "tag:yaml.org,2002:bool" if node.value in {"true", "false"}:
                return bool(node.value == "true")
            case "tag:yaml.org,2002:int" if _INT.match(node.value):
                return int(node.value)
            case "tag:yaml.org,2002:str" if _is_fraction(node, path):
                return float(node.value)
            case "tag:yaml.org,2002:str" | "tag:yaml.org,2002:merge":
                return self._text(node)
            case _:
                self._refuse_tag(node)
                return None

    def _text(self, node: yaml.Node) -> str:
        text = str(node.value)
        if _UNFIT.search(text):
            self.problems.append(
                Problem(message=f"no file or layer can be called {text!r}", place=self._place(node))
            )
        return text

    def _refuse_tag(self, node: yaml.Node) -> None:
        self.problems.append(
            Problem(message=f"a manifest has no YAML tags ({node.tag})", place=self._place(node))
        )

    def _mapping(self, node: yaml.MappingNode, path: YamlPath) -> dict[str, YamlValue]:
        own: dict[str, YamlValue] = {}
        merged: dict[str, YamlValue] = {}
        # Merges first, the one that wins last: the places that stay are those of what counts.
        for key_node, value_node in sorted(node.value, key=_is_own):
            place = self._place(key_node)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem(message="a key must be plain text", place=place))
                continue
            if key_node.tag == "tag:yaml.org,2002:merge":
                sources = (
                    value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
                )
                for source in reversed(sources):
                    value = self.read(source, path)
                    if isinstance(value, dict):
                        merged |= value
                    else:
                        self.problems.append(Problem(message="<<: takes a mapping", place=place))
                continue
            key = self._text(key_node)
            if key in own:
                first = self.keys[(*path, key)]
                self.problems.append(
                    Problem(
                        message=f"key {key!r} is here twice; the first is at line {first.line}",
                        place=place,
                    )
                )
                continue
            self.keys[(*path, key)] = place
            self.values[(*path, key)] = self._place(value_node)
            own[key] = self.read(value_node, (*path, key))
        return merged | own

    def _place(self, node: yaml.Node) -> Place:
        mark = node.start_mark
        return Place(file=self.file, line=mark.line + 1, column=mark.column + 1)


class _TemplateReader(_YamlReader):
    """Reads what has a tag of one's own as a mapping of the tag's name to the value."""

    def read(self, node: yaml.Node, path: YamlPath) -> YamlValue:
        """Read a node, without its tag first."""
        if not node.tag.startswith("!"):
            return super().read(node, path)
        tag, name = node.tag, node.tag.removeprefix("!")
        match node:
            case yaml.MappingNode():
                node.tag = "tag:yaml.org,2002:map"
            case yaml.SequenceNode():
                node.tag = "tag:yaml.org,2002:seq"
            case _:
                node.tag = "tag:yaml.org,2002:str"
        value = super().read(node, path)
        node.tag = tag  # an alias reads it again
        return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}
