"""What a line that is no requirement was meant to be, where that can be told."""

import re

from packaging.requirements import Requirement

from layer_builder.projects import requirement_lines

_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*(?:\[[A-Za-z0-9._, -]*\])?"


_VERSION = r"v?[0-9][A-Za-z0-9.*+!_-]*"


_MOST_CHARACTERS = 300
"""Of a line that somebody meant."""


_ALONE = re.compile(rf"({_NAME})\s*(?:=|:|@|\s)\s*[\"']?({_VERSION})[\"']?(?:=[A-Za-z0-9_.]+)?")
"""A name and one version, with what is no operator between them; conda adds the name of a build."""


_OF_TABLE = re.compile(rf"({_NAME})\s*=?\s*[\"']?([~^]\s*{_VERSION}|\*)[\"']?")
"""As Poetry and npm write it: `a = "^1.2"`."""


_SWAPPED = re.compile(r"=([<>~!])(?!=)")


_NO_COMMA = re.compile(r"(?<=[\w*])\s+(?=[<>=!~])")


_MARKER = re.compile(r"\b(\w+)\s*(==|!=|<=|>=|<|>|~=)\s*([\w.]+)(?=\s*(?:$|\)|and\b|or\b))")
"""A comparison in a marker whose value has no quotation marks."""


EXAMPLE = "a requirement is a name and versions, such as name>=1.2,<2"


def meant(line: str) -> str:
    """Say what to write for a line that is no requirement.

    >>> meant("requests=2.3"), meant("a => 1")
    ("did you mean 'requests==2.3'?", "did you mean 'a>=1'?")
    """
    if len(line) > _MOST_CHARACTERS:
        return EXAMPLE
    text = " ".join(line.rstrip(", ").split())  # one blank at most: the patterns go back over them
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    try:
        found = str(Requirement(_mended(text)))
    except (ValueError, RecursionError):
        return EXAMPLE
    return f"did you mean {found!r}?" if found != line else EXAMPLE


def _mended(text: str) -> str:
    """Raises ValueError for versions that nobody writes."""
    if match := _ALONE.fullmatch(text):
        return f"{match[1]}=={match[2]}"
    if match := _OF_TABLE.fullmatch(text):
        return requirement_lines(match[1], match[2].replace(" ", ""))[0]
    asked, semicolon, marker = text.partition(";")
    asked = _NO_COMMA.sub(",", _SWAPPED.sub(r"\1=", asked).strip())
    first = re.match(rf"({_NAME}),", asked)
    asked = f"{first[1]}{asked[first.end() :]}" if first else asked
    return f"{asked}{semicolon}{_MARKER.sub(_quoted, marker)}"


def _quoted(match: re.Match[str]) -> str:
    variable = "python_version" if match[1] == "python" else match[1]
    return f'{variable} {match[2]} "{match[3]}"'
