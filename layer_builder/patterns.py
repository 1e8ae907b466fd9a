"""gitignore patterns, matched in time that grows with the path and not with the ways to match it.

pathspec writes each pattern as a regular expression in which every star may end anywhere: for
`*a*a*a*b` Python tries all combinations. It is enough to try the nearest place for each star but
the last, with atomic groups, as `fnmatch.translate` does since Python 3.9.
"""

import re
from collections.abc import Iterable, Iterator

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

MOST_CHARACTERS = 4096
"""Of a pattern: Linux takes no longer path."""


_TOKEN = re.compile(
    r"(?P<star>\*+)|\[(?P<negated>[!^]?)(?P<members>\]?[^\]]*)\]|\\?(?P<one>.)", re.DOTALL
)


# What pathspec writes for `**/` in front and for `/**` between two others. In a segment they cannot
# stand, since it has no slash.
_LEADING, _INNER = "^(?:.+/)?", "(?:/.+)?"


class PathPatterns:
    """Patterns of which the last that matches a path decides."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """Compile them. Raises ValueError for what git would not take."""
        self._spec = GitIgnoreSpec.from_lines(patterns, _LinearPattern, backend="simple")

    def matches(self, path: str) -> bool:
        """Tell whether a path is meant, relative and with slashes; a folder's ends with one."""
        return self._spec.match_file(path)

    def matching(self, paths: Iterable[str]) -> Iterator[str]:
        """Give those of the paths that are meant."""
        return self._spec.match_files(paths)


class _LinearPattern(GitIgnoreSpecPattern):
    """A pattern of pathspec's, whose regular expression comes back to the last star only."""

    __slots__ = ()

    @classmethod
    def pattern_to_regex(cls, pattern: str) -> tuple[str | None, bool | None]:  # type: ignore[override]  # (bytes, too, there)
        if len(pattern) > MOST_CHARACTERS:
            raise ValueError(f"a pattern has {MOST_CHARACTERS:,} characters at most")
        if pattern.rstrip(" ").endswith("\\") and not pattern.endswith("\\\\"):
            raise ValueError("a pattern ends with a backslash")
        regex, include = super().pattern_to_regex(pattern)
        return (None if regex is None else _with_nearest_folders(regex)), include

    @staticmethod
    def _translate_segment_glob(pattern: str, range_error: str) -> str:  # noqa: ARG004 (pathspec's)
        return _segment(pattern)


def _segment(glob: str) -> str:
    """Write a part of a path as a regular expression that never matches a slash."""
    runs = [""]
    for token in _TOKEN.finditer(glob):
        if token["star"]:
            runs.append("")
        elif token["one"] is None:
            runs[-1] += _class(token["members"], is_negated=bool(token["negated"]))
        else:
            sign = {"?": "[^/]", "[": "(?!)"}.get(token[0])  # a class without end is nothing
            runs[-1] += sign or re.escape(token["one"])
    first, *others = runs
    if not others:
        return first
    nearest = "".join(f"(?>[^/]*?{run})" for run in others[:-1] if run)
    return f"{first}{nearest}[^/]*{others[-1]}"


def _class(members: str, *, is_negated: bool) -> str:
    """Write a class of characters; a range that runs backwards holds nothing, as in git."""
    parts = re.findall(r"(.)-(.)|(.)", members, re.DOTALL)
    ranges = [f"{re.escape(low)}-{re.escape(high)}" if low else re.escape(one)
              for low, high, one in parts if low <= high]  # fmt: skip
    if not ranges:
        return "[^/]" if is_negated else "(?!)"
    return f"(?!/)[{'^' if is_negated else ''}{''.join(ranges)}]"


def _with_nearest_folders(regex: str) -> str:
    """Have each `**` but the last reach to the nearest folder from which on the rest may match.

    A folder's name may hold a line break, too, which pathspec's dot does not match.
    """
    leads = regex.startswith(_LEADING)
    first, *others = regex.removeprefix(_LEADING if leads else "^").split(_INNER)
    if regex == first:  # a pattern for everything, which has no beginning
        return regex
    stars = ["^(?:[^/]+/)*" if leads else "^", *("(?:/[^/]+)*" for _ in others)]
    last = len(others) if others or leads else -1
    parts = []
    for number, (star, run) in enumerate(zip(stars, (first, *others), strict=True)):
        is_anchor = star == "^"
        parts.append(f"{star}{run}" if is_anchor or number == last
                     else f"(?>{star}?{run}(?=/))")  # fmt: skip
    return "".join(parts)
