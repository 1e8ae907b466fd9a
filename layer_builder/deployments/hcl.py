"""Blocks of Terraform's language with the attributes of their first level, as text: no expression is evaluated.

https://developer.hashicorp.com/terraform/language/syntax/configuration
"""

import re
from collections.abc import Iterator, Mapping

from layer_builder.lazy_dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*|//[^\n]*|/\*.*?(?:\*/|\Z))
    |(?P<heredoc><<[-~]?(?P<mark>\w+)[^\n]*\n.*?(?:\n[ \t]*(?P=mark)\b|\Z))
    |(?P<text>"(?:[^"\\\n]|\\.)*+(?:"|(?=\n)|\\?\Z))
    |(?P<open>[{\[(])|(?P<close>[}\])])|(?P<line>\n)|(?P<word>[A-Za-z_][\w.-]*)|(?P<equals>=)
    """,
    re.VERBOSE | re.DOTALL,
)
# What does not close goes on to the end: looked for again from each later start, it would take the
# square of the time.
_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"')


_MOST_CHARACTERS = 4_000
"""Of an expression that names a file, a runtime or layers."""


@dataclass(frozen=True, kw_only=True)
class HclBlock:
    """Such as `resource "aws_lambda_function" "api" { … }`."""

    kind: str
    labels: tuple[str, ...]
    start: int
    """The character that it begins at."""
    attributes: Mapping[str, str]
    """The text of each, as it is written."""
    body: str


def read_blocks(text: str) -> Iterator[HclBlock]:
    """Yield the blocks of a file; what does not close is left out."""
    start, words, depth, opened = 0, list[str](), 0, 0
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "open" if token[0] == "{" and not depth:
                depth, opened = 1, token.end()
            case "open":
                depth, words = depth + 1, words if depth else []
            case "equals" if not depth:
                words = []
            case "close":
                depth -= 1
                if not depth and words:
                    body = text[opened : token.start()]
                    kind, *labels = words
                    yield HclBlock(
                        kind=kind, labels=tuple(one.strip('"') for one in labels), start=start,
                        attributes=_attributes(body), body=body,
                    )  # fmt: skip
                depth, words = max(depth, 0), words if depth > 0 else []
            case "word" | "text" if not depth:
                start = start if words else token.start()
                words.append(token[0])
            case "line" if not depth:
                words = []
            case _:
                pass


def _attributes(body: str) -> dict[str, str]:
    """Read `name = …` of the first level: up to the end of the line where all brackets are closed."""
    found: dict[str, str] = {}
    depth, name, begun, words = 0, "", -1, list[str]()
    for token in _TOKEN.finditer(f"{body}\n"):
        match token.lastgroup:
            case "open":
                depth += 1
            case "close":
                depth -= 1
            case "word" if not depth and begun < 0:
                words.append(token[0])
            case "equals" if not depth and begun < 0 and len(words) == 1:
                name, begun = words[0], token.end()
            case "line" if not depth:
                if begun >= 0:
                    found.setdefault(name, body[begun : token.start()].strip())
                begun, words = -1, []
            case "comment" if begun >= 0 and not depth:
                found.setdefault(name, body[begun : token.start()].strip())
            case _:
                pass
    return found


def literal(expression: str) -> str:
    """Give the text of an expression that is one string; `${path.module}` in it stays.

    >>> literal('"python3.12"'), literal("var.runtime")
    ('python3.12', '')
    """
    whole = _STRING.fullmatch(expression[:_MOST_CHARACTERS].strip())
    return whole[1] if whole and "\\" not in whole[1] else ""


def strings(expression: str) -> list[str]:
    """List the strings in an expression."""
    return _STRING.findall(expression[:_MOST_CHARACTERS])
