"""What a local project says of itself: its name, and which of its requirements are other projects."""

import ast
import configparser
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

Read = Callable[[str], bytes | None]
"""Gives a file of the project, None where there is none."""


def find_name(read: Read) -> str:
    """Give the name of a project, as its pyproject.toml, setup.cfg or setup.py has it; empty for none.

    Nothing is run: a name that setup.py computes is not found. Raises ValueError for a pyproject.toml
    that is no TOML.
    """
    own = read_pyproject(read)
    tool = _table(own.get("tool"))
    flit = _table(_table(tool.get("flit")).get("metadata"))
    for name in (
        _table(own.get("project")).get("name"),
        _table(tool.get("poetry")).get("name"),
        flit.get("dist-name") or flit.get("module"),
        _of_setup_cfg(read("setup.cfg")),
        _of_setup_py(read("setup.py")),
    ):
        if isinstance(name, str) and name:
            return name
    return ""


def sources_of(
    own: Mapping[str, object], workspace: Mapping[str, object]
) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Yield the requirements that uv takes from elsewhere, each with its entry of `[tool.uv.sources]`.

    `workspace` is the pyproject.toml of uv's workspace, whose sources hold for its members, too:
    https://docs.astral.sh/uv/concepts/projects/workspaces/#workspace-sources.
    """
    standard = _table(own.get("project"))
    optional = _table(standard.get("optional-dependencies")).values()
    lines = [standard.get("dependencies"), *optional]
    asked = {name for group in lines if isinstance(group, list) for name in map(_name, group)}
    sources = {**_sources(workspace), **_sources(own)}
    for name in sorted(asked & sources.keys()):
        entry = sources[name]
        entries = entry if isinstance(entry, list) else [entry]
        yield from ((name, one) for one in entries if isinstance(one, dict))


def read_pyproject(read: Read) -> Mapping[str, object]:
    """Read a pyproject.toml; nothing where there is none. Raises ValueError for what is no TOML."""
    content = read("pyproject.toml")
    try:
        return tomllib.loads(content.decode("utf-8-sig")) if content else {}
    except RecursionError:
        raise ValueError("its pyproject.toml nests too deeply to be read") from None
    except ValueError as error:
        raise ValueError(f"its pyproject.toml cannot be read: {error}") from None


def member_patterns(own: Mapping[str, object]) -> list[str] | None:
    """Give the members of uv's workspace, as patterns; None where this is none."""
    workspace = _table(_table(own.get("tool")).get("uv")).get("workspace")
    if not isinstance(workspace, dict):
        return None
    members = workspace.get("members")
    return [one for one in members if isinstance(one, str)] if isinstance(members, list) else []


def reader_of(folder: Path) -> Read:
    """Read files of a folder, a MiB at most."""

    def read(name: str) -> bytes | None:
        try:
            with (folder / name).open("rb") as file:
                return file.read(2**20)
        except OSError:
            return None

    return read


def _sources(own: Mapping[str, object]) -> dict[str, object]:
    found = _table(_table(_table(own.get("tool")).get("uv")).get("sources"))
    return {str(canonicalize_name(name)): entry for name, entry in found.items()}


def _name(line: object) -> str:
    try:
        return str(canonicalize_name(Requirement(str(line)).name))
    except (ValueError, RecursionError):
        return ""


def _of_setup_cfg(content: bytes | None) -> str:
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string((content or b"").decode("utf-8", "replace"))
    except configparser.Error:
        return ""
    return parser.get("metadata", "name", fallback="")


def _of_setup_py(content: bytes | None) -> str:
    try:
        tree = ast.parse(content or b"")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("setup"):
            for word in node.keywords:
                if word.arg == "name" and isinstance(word.value, ast.Constant):
                    return str(word.value.value)
    return ""


def _table(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}
