"""The lines of a requirements file: joined, without comments, and none that only some programs understand."""

import re

from layer_builder.errors import shortened

MOST_LINE_CHARACTERS = 64 * 1024
"""Of a requirement with its hashes, continued lines joined: eight hundred files of one release."""


_COMMENT = re.compile(r"(?:^|(?<=\s))#")


_LINE_END = re.compile(r"\r\n|\n|\r")
"""The ends that uv and pip agree on; `splitlines` knows nine more."""


# Control characters, line ends that only some programs take for such, halves of characters.
_UNFIT = re.compile("[\0-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


_PATH = re.compile(r"\.{1,2}(/|$|\[|\s)|[/~\\]|file:|[A-Za-z]:\\")


_NAMED_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\s*(\[[^\]]*\])?\s*@")


def is_direct(specifier: str) -> bool:
    """Tell a requirement that names where a distribution is, whatever may be wrong with it."""
    return (
        bool(_PATH.match(specifier) or _NAMED_ADDRESS.match(specifier))
        or "://" in specifier
        or specifier.partition(" ;")[0].strip().endswith((".whl", ".tar.gz"))
    )


def line_mistake(line: str) -> str | None:
    """Say why a line is none of a requirements file, whatever it asks for."""
    if len(line) > MOST_LINE_CHARACTERS:
        return f"a line of {len(line):,} characters: more than {MOST_LINE_CHARACTERS:,} are read by nobody"
    if found := _UNFIT.search(line):
        return f"the line has the control character {found[0]!r}"
    if "${" in line and not line.startswith("-"):
        return f"{shortened(line)}: uv would put a variable's value into this"
    return None


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
        lines.append((start, " ".join((*held, raw))))
        held, start = [], 0
    lines.append((start, " ".join(held)))
    stripped = ((number, _COMMENT.split(line, 1)[0].strip()) for number, line in lines)
    return [(number, line) for number, line in stripped if line]
