"""Guesses which modules imports will load, from the beginnings of lines: what to compile ahead."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from layer_builder.prune import module_name, name_and_parents
from layer_builder.scans import Scan, scan_anew

_STATEMENT = re.compile(
    rb"^(?:from[ \t]+([.\w]+)[ \t]+import[ \t]+(\([^)]*\)|[^\n;#]*)|import[ \t]+([^\n;#]*))",
    re.MULTILINE,
)
"""One that is not indented: what is below `try:`, `if TYPE_CHECKING:` or a function is left to the
import itself."""
_NAME = re.compile(rb"[\w.]+")


def likely_loaded(root: Path, paths: Collection[str], scan: Scan = scan_anew) -> list[str]:
    """List the sources that importing each top-level module, and those one level below, may load.

    A guess: what it misses is compiled when it is imported. What is gone meanwhile is not listed.
    """
    sources = {name: path for path in paths if (name := module_name(path))}
    known = {name for name in sources if name.count(".") <= 1}
    waiting, found = list(known), []
    while waiting:
        name = waiting.pop()
        path = sources[name]
        try:
            content = (root / path).read_bytes()
        except OSError:
            continue
        found.append(path)
        package = name if path.endswith("/__init__.py") else name.rpartition(".")[0]
        statements = scan("imports", content, _statements)
        new = _named(statements, package, sources) - known
        known |= new
        waiting += new
    return sorted(found)


def _statements(content: bytes) -> list[tuple[str, list[str]]]:
    """Read where each statement imports from, and what; from nowhere, whole modules."""
    found: list[tuple[str, list[str]]] = []
    for start, names, plain in _STATEMENT.findall(content):
        if plain:
            whole = (_NAME.match(part.strip()) for part in plain.split(b","))
            found.append(("", [_text(name[0]) for name in whole if name]))
        else:
            found.append((_text(start), list(map(_text, _NAME.findall(names)))))
    return found


def _text(name: bytes) -> str:
    return name.decode("ascii", "replace")


def _named(
    statements: Iterable[Sequence[Any]], package: str, sources: Mapping[str, str]
) -> set[str]:
    """Name the modules among `sources` that statements in a package import."""
    found = set[str]()
    for one in _modules(statements, package):
        found.update(parent for parent in name_and_parents(one) if parent in sources)
    return found


def _modules(statements: Iterable[Sequence[Any]], package: str) -> Iterator[str]:
    for start, names in statements:
        if not start:
            yield from names
            continue
        base = _absolute(start, package)
        yield base
        yield from (f"{base}.{name}" for name in names)


def _absolute(name: str, package: str) -> str:
    """Give a module's whole name: each dot but the first is a package further up."""
    rest = name.lstrip(".")
    ups = len(name) - len(rest)
    if not ups:
        return rest
    parts = package.split(".")
    base = ".".join(parts[: len(parts) - (ups - 1)])
    return f"{base}.{rest}" if rest else base
