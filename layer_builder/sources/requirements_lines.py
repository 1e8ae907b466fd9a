"""The lines of a requirements file: joined, without comments, and none that only some programs understand."""

import re
from collections.abc import Mapping

from layer_builder.errors import shortened

MOST_LINE_CHARACTERS = 64 * 1024
"""Of a requirement with its hashes, continued lines joined: eight hundred files of one release."""


_COMMENT = re.compile(r"(?:^|(?<=\s))#")


_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
"""What pip takes for a variable:
https://pip.pypa.io/en/stable/reference/requirements-file-format/#using-environment-variables"""


_ANY_VARIABLE = re.compile(r"\$\{([^}]*)\}?")


_VALUE = re.compile(r"[A-Za-z0-9._+!*/-]{1,200}")


_NAMING = re.compile(r"[A-Za-z0-9._-]*")
"""Of a requirement, what can come before its name ends."""


_LINE_END = re.compile(r"\r\n|\n|\r")
"""The ends that uv and pip agree on; `splitlines` knows nine more."""


# Control characters, line ends that only some programs take for such, halves of characters.
_UNFIT = re.compile("[\0-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


_PATH = re.compile(r"\.{1,2}(/|$|\[|\s)|[/~\\]|file:|[A-Za-z]:\\")


_NAMED_PATH = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[^\]]*\])?\s*@\s*(\.{1,2}(/|$)|[/~]|file:|git\+)"
)


def is_direct(specifier: str) -> bool:
    """Tell a requirement that names where a distribution is, whatever may be wrong with it."""
    return (
        bool(_PATH.match(specifier) or _NAMED_PATH.match(specifier))
        or "://" in specifier
        or specifier.partition(" ;")[0].strip().endswith((".whl", ".tar.gz"))
    )


def line_mistake(line: str) -> str | None:
    """Say why a line is none of a requirements file, whatever it asks for."""
    if len(line) > MOST_LINE_CHARACTERS:
        return f"a line of {len(line):,} characters: more than {MOST_LINE_CHARACTERS:,} are read by nobody"
    if found := _UNFIT.search(line):
        return f"the line has the control character {found[0]!r}"
    return None


class VariableError(ValueError):
    """A line asks for a variable that it does not get; its message says why."""

    def __init__(self, message: str, advice: str) -> None:
        """Say why, and what to write."""
        super().__init__(message)
        self.advice = advice


def filled_in(
    line: str, listed: Mapping[str, str | None], *, is_path: bool = False
) -> tuple[str, dict[str, str]]:
    """Put the values of listed variables into a line; gives those that it asked for, too.

    A variable that is not set has the value None. A distribution's name takes none: the index would
    be asked for it, and so be told the value. Raises VariableError.

    >>> filled_in("a==${V}", {"V": "1.2"})
    ('a==1.2', {'V': '1.2'})
    """
    found: dict[str, str] = {}

    def value(match: re.Match[str]) -> str:
        name = match[1]
        given = listed.get(name)
        if not _VARIABLE.fullmatch(match[0]):
            raise VariableError(f"{shortened(line)} has a $", "write what stands for it")
        if name not in listed:
            message = f"{shortened(line)} takes a value from the environment"
            raise VariableError(message, f"write the value, or list it: variables: [{name}]")
        if given is None:
            raise VariableError(f"the variable {name} is not set", f"set {name} for this run")
        if not _VALUE.fullmatch(given):
            message = f"the value of {name} is no version, and no name of a file or folder"
            raise VariableError(message, "letters, digits and . _ + ! * / - can be filled in")
        found[name] = given
        return given

    if not is_path and _NAMING.fullmatch(line[: line.index("${")]):
        message = f"{shortened(line)} takes a name from the environment"
        raise VariableError(message, "write the name: the index would be told the variable's value")
    return _ANY_VARIABLE.sub(value, line), found


def logical_lines(text: str) -> list[tuple[int, str]]:
    """Join continued lines and strip comments; number each by where it starts."""
    lines: list[tuple[int, str]] = []
    held: list[str] = []
    start = 0
    for number, raw in enumerate(_LINE_END.split(text), 1):
        start = start or number
        if raw.endswith("\\") and not raw.lstrip().startswith("#"):
            held.append(raw[:-1])
            continue
        # As pip does: a comment ends what is continued, and nothing comes between continued lines.
        last = f" {raw}" if raw.lstrip().startswith("#") else raw
        lines.append((start, "".join((*held, last))))
        held, start = [], 0
    lines.append((start, "".join(held)))
    stripped = ((number, _COMMENT.split(line, 1)[0].strip()) for number, line in lines)
    return [(number, line) for number, line in stripped if line]
