"""`Pipfile.lock`: https://github.com/pypa/pipfile and https://pipenv.pypa.io/en/latest/pipfile.html."""

import json
from collections.abc import Iterator, Mapping

from packaging.utils import canonicalize_name

from layer_builder.model import Project, Target
from layer_builder.projects.digests import is_pipfile_lock_fresh
from layer_builder.projects.locked import (
    Choice,
    ProjectLines,
    StaleError,
    applies,
    at_commit,
    pinned,
    read_toml,
    refuse_format,
    rows,
    table,
    text,
    texts,
)

_OWN = "default"
_SECTIONS = {"packages": _OWN, "dev-packages": "develop"}
"""What a Pipfile calls the categories of its lock, where the names differ."""


_VARIABLES = frozenset(
    {
        *("os_name", "sys_platform", "platform_machine", "platform_python_implementation"),
        *("platform_system", "python_version", "python_full_version", "implementation_name"),
    }
)


def read_pipfile_lock(lock: str, pipfile: str, wanted: Project, target: Target) -> ProjectLines:
    """List what a lock holds for a target. Raises ValueError, of a lock that is too old StaleError."""
    locked = _read_json(lock)
    meta = table(locked.get("_meta"), "_meta")
    refuse_format(meta.get("pipfile-spec"), "6", "pipfile-spec")
    digest = table(meta.get("hash"), "_meta.hash").get("sha256")
    asked = read_toml(pipfile)
    if not is_pipfile_lock_fresh(digest, asked, meta.get("sources")):
        raise StaleError("the Pipfile has changed since it was written", "pipenv lock")
    categories = {canonicalize_name(name): entries for name, entries in locked.items()}
    known = categories.keys() - {"-meta"}
    named = [_SECTIONS.get(name, name) for name in map(canonicalize_name, wanted.groups)]
    choice = Choice.of(named, wanted.extras, known=known, known_extras=())
    chosen = [*([_OWN] if choice.main else ()), *sorted(choice.groups)]
    lines = [
        line
        for category in dict.fromkeys(chosen)
        for line in _lines(categories.get(category), _conditions(asked, category), target)
    ]
    sources = rows(meta.get("sources"), "_meta.sources")
    return ProjectLines(
        lines=tuple(sorted(set(lines))),
        indexes=tuple(
            text(one.get("url"), "a source") for one in sources if one.get("name") != "pypi"
        ),
    )


def _read_json(content: str) -> Mapping[str, object]:
    try:
        return table(json.loads(content), "the file")
    except RecursionError:
        raise ValueError("it nests too deeply to be read") from None


def _conditions(pipfile: Mapping[str, object], category: str) -> dict[str, str]:
    """Give the markers that a Pipfile writes as keys: the lock lacks those of what was left out.

    https://pipenv.pypa.io/en/latest/specifiers.html#specifying-basically-anything
    """
    section = next((name for name, one in _SECTIONS.items() if one == category), category)
    found: dict[str, str] = {}
    for name, entry in table(pipfile.get(section), section).items():
        if isinstance(entry, dict):
            parts = (f"{key} {entry[key]}" for key in sorted(_VARIABLES & entry.keys()))
            found[canonicalize_name(name)] = " and ".join(parts)
    return found


def _lines(entries: object, conditions: Mapping[str, str], target: Target) -> Iterator[str]:
    for name, value in table(entries, "a category").items():
        entry = table(value, f"the entry of {name}")
        markers = (text(entry.get("markers"), f"markers of {name}"),
                   conditions.get(canonicalize_name(name)))  # fmt: skip
        if all(applies(marker, name, target) for marker in markers):
            yield _line(name, entry)


def _line(name: str, entry: Mapping[str, object]) -> str:
    if git := text(entry.get("git"), f"git of {name}"):
        commit = text(entry.get("ref"), f"ref of {name}")
        return at_commit(name, git, commit, text(entry.get("subdirectory"), f"entry of {name}"))
    hashes = texts(entry.get("hashes"), f"hashes of {name}")
    if file := text(entry.get("file"), f"file of {name}"):
        digest = next(iter(hashes), "").replace(":", "=")
        return f"{name} @ {file}#{digest}" if "://" in file else f"{name} @ ./{file}"
    if path := text(entry.get("path"), f"path of {name}"):
        return f"{name} @ ./{path}"
    version = text(entry.get("version"), f"version of {name}")
    if not version.startswith("=="):
        raise ValueError(f"it does not pin {name}: pin it in the Pipfile, and `pipenv lock`")
    return pinned(name, version.removeprefix("=="), hashes)
