"""Constraints on versions as the standard and Poetry write them, and Poetry's requirements in the standard's words.

https://packaging.python.org/en/latest/specifications/version-specifiers/ and
https://python-poetry.org/docs/dependency-specification/.
"""

import re
from collections.abc import Mapping, Sequence

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from layer_builder.errors import shortened
from layer_builder.model import Target
from layer_builder.projects.locked import table, text, texts

_PART = re.compile(r"(\^|~=|~|===|==|!=|<=|>=|<|>|)\s*([^\s,^~=!<>]+)")


def alternatives(constraint: str) -> tuple[SpecifierSet, ...]:
    """Read a constraint on versions: one of these must hold. Raises ValueError.

    >>> [str(one) for one in alternatives("^1.2 || ~0.3")]
    ['<2.0,>=1.2', '<0.4,>=0.3']
    """
    try:
        return tuple(
            SpecifierSet(",".join(_specifiers(part))) for part in re.split(r"\|\|?", constraint)
        )
    except (InvalidSpecifier, InvalidVersion):
        raise ValueError(f"{shortened(constraint)} is no constraint on versions") from None


def requirement_lines(name: str, value: object) -> list[str]:
    """Write an entry of `[tool.poetry.dependencies]` as requirements. Raises ValueError.

    >>> requirement_lines("a", {"version": "^1.2", "extras": ["x"], "python": "<3.11"})
    ['a[x]<2.0,>=1.2; (python_version < "3.11")']
    """
    if isinstance(value, list):
        return [line for one in value for line in requirement_lines(name, one)]
    entry = {"version": value} if isinstance(value, str) else table(value, f"the entry of {name}")
    extras = texts(entry.get("extras"), f"extras of {name}")
    named = f"{name}[{','.join(extras)}]" if extras else name
    markers = " and ".join(_markers(name, entry))
    suffix = f"; {markers}" if markers else ""
    if address := _address(name, entry):
        return [f"{named} @ {address}{f' {suffix}' if suffix else ''}"]
    ranges = alternatives(text(entry.get("version"), f"version of {name}") or "*")
    if len(ranges) > 1:
        raise ValueError(f"the versions of {name} are one of several ranges: lock the project")
    return [f"{named}{ranges[0]}{suffix}"]


def python_marker(constraint: str) -> str:
    """Write a constraint on Pythons as a marker."""
    ranges = []
    for one in alternatives(constraint):
        parts = (f'{_variable(s.version)} {s.operator} "{s.version}"' for s in one)
        ranges.append(" and ".join(sorted(parts, reverse=True)) or 'python_version >= "3"')
    return " or ".join(ranges)


def admits(python: Sequence[SpecifierSet], target: Target) -> bool:
    """Tell whether a range of Pythons has the target's."""
    # A range may begin or end within a minor version: any release of it will do.
    releases = (f"{target.python}.0", f"{target.python}.99")
    return any(one.contains(release) for one in python for release in releases)


def refuse_other_python(python: str, target: Target) -> None:
    """Raise ValueError for a lock that was not made for the target's Python."""
    if not admits(alternatives(python), target):
        raise ValueError(f"it is for Python {shortened(python)}, and the layer for {target.python}")


def means_the_same(one: str, other: str) -> bool:
    """Tell whether two ranges have the same releases of Python 3. Raises ValueError.

    >>> means_the_same("~=3.10", ">=3.10, <4")
    True
    """
    releases = [f"3.{minor}.{micro}" for minor in range(30) for micro in range(30)]
    try:
        found = [[*SpecifierSet(each).filter(releases)] for each in (one, other)]
    except InvalidSpecifier:
        raise ValueError(f"{shortened(one)} or {shortened(other)} is no range of Pythons") from None
    return found[0] == found[1]


def _variable(version: str) -> str:
    return "python_full_version" if version.count(".") > 1 else "python_version"


def _markers(name: str, entry: Mapping[str, object]) -> list[str]:
    found = []
    if python := text(entry.get("python"), f"python of {name}"):
        found.append(f"({python_marker(python)})")
    if platform := text(entry.get("platform"), f"platform of {name}"):
        named = (part.strip().removeprefix("==").strip() for part in platform.split("||"))
        found.append(f"({' or '.join(f'sys_platform == {one!r}' for one in named)})")
    if markers := text(entry.get("markers"), f"markers of {name}"):
        found.append(f"({markers})")
    return found


def _address(name: str, entry: Mapping[str, object]) -> str:
    """Give the address of what comes from no index, empty for what does."""
    if git := text(entry.get("git"), f"git of {name}"):
        words = (text(entry.get(key), f"{key} of {name}") for key in ("rev", "tag", "branch"))
        at = next(filter(None, words), "")
        return f"git+{git}@{at}" if at else f"git+{git}"
    if url := text(entry.get("url"), f"url of {name}"):
        return url
    path = text(entry.get("path") or entry.get("file"), f"path of {name}")
    return f"./{path}" if path else ""


def _specifiers(part: str) -> list[str]:
    words = part.strip()
    if words in {"", "*"}:
        return []
    if _PART.sub("", words).strip(" ,"):
        raise InvalidSpecifier(words)
    return [spec for operator, version in _PART.findall(words) for spec in _one(operator, version)]


def _one(operator: str, version: str) -> list[str]:
    if operator == "^":
        return [f">={version}", f"<{_above_caret(version)}"]
    if operator == "~":
        return [f">={version}", f"<{_above_tilde(version)}"]
    if version == "*":
        return []
    return [f"{operator or '=='}{version}"]


def _above_caret(version: str) -> str:
    """Raise the first part that is not zero; the last that is written when all are."""
    release = Version(version).release
    place = next((i for i, part in enumerate(release) if part), len(release) - 1)
    raised = (*release[:place], release[place] + 1)
    return ".".join(map(str, (*raised, 0) if len(raised) == 1 else raised))


def _above_tilde(version: str) -> str:
    release = Version(version).release[:2]
    return ".".join(map(str, (*release[:-1], release[-1] + 1)))
