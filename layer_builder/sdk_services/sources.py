"""Reads the code of files that belong together for the services that it asks for."""

import ast
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import ServiceUse
from layer_builder.sdk_services.bindings import read_scopes
from layer_builder.sdk_services.calls import CallReader, ServiceCall, imports_sdk
from layer_builder.sdk_services.filters import COMPILED, may_ask, names_sdk_in_binary
from layer_builder.sdk_services.needs import ServiceNeeds, Unreadable, service_of
from layer_builder.sdk_services.scopes import Scopes

_OURS = f"{sys.version_info.major}.{sys.version_info.minor}"
"""The Python that parses: one that is older than the layer's may not know all of its syntax."""

_SERVICE = re.compile(r"[a-z0-9][a-z0-9.-]*")

_TOO_DEEP = ServiceCall(line=1, text="it nests too deeply to be read", services=None)


@dataclass(frozen=True, kw_only=True)
class _File:
    path: str
    scopes: Scopes


def find_services(sources: Mapping[str, bytes]) -> ServiceNeeds:
    """Find the services that code asks for, and the calls that do not say which.

    Args:
        sources: contents by the path to show; Python files that belong together, so that one may
            import another, and compiled modules, of which only is said whether they name the SDK.
    """
    files: list[_File] = []
    unreadable: list[Unreadable] = []
    for path, source in sorted(sources.items()):
        if path.endswith(COMPILED):
            if names_sdk_in_binary(source):
                unreadable.append(Unreadable(place=path, text="compiled code that names the SDK"))
            continue
        try:
            files.append(_File(path=path, scopes=read_scopes(_parsed(source))))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            if may_ask(source):
                unreadable.append(_unparsed(path, source, error))
    uses: dict[str, ServiceUse] = {}
    for path, call in _calls(files):
        place = f"{path}:{call.line}"
        if call.services is None:
            unreadable.append(Unreadable(place=place, text=call.text))
        for name in sorted(call.services or ()):
            if _SERVICE.fullmatch(name):
                service = service_of(name)
                uses.setdefault(service, ServiceUse(service=service, place=place))
    return ServiceNeeds(
        uses=tuple(uses[service] for service in sorted(uses)), unreadable=tuple(unreadable)
    )


def _parsed(source: bytes) -> ast.Module:
    with warnings.catch_warnings():
        # Of escapes in strings: what others wrote is not ours to mend.
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _unparsed(path: str, source: bytes, error: Exception) -> Unreadable:
    line = error.lineno if isinstance(error, SyntaxError) and error.lineno else 0
    line = line or source.count(b"\n", 0, max(source.find(b"boto"), 0)) + 1
    return Unreadable(place=f"{path}:{line}", text=f"Python {_OURS} cannot parse this file")


def _calls(files: list[_File]) -> Iterator[tuple[str, ServiceCall]]:
    related = _related(files)
    readers = dict[str, CallReader]()
    aliases = frozenset[str]()
    for file in files:
        try:
            reader = CallReader(
                scopes=file.scopes, aliases=frozenset(), is_related=_relation(file.path, related)
            )
            aliases |= reader.new_aliases()
            readers[file.path] = reader
        except RecursionError:
            yield file.path, _TOO_DEEP
    for path, reader in readers.items():
        reader.aliases = aliases
        try:
            yield from ((path, call) for call in sorted(reader.read()))
        except RecursionError:
            yield path, _TOO_DEEP


def _related(files: list[_File]) -> set[tuple[str, ...]]:
    """List the modules that import the SDK, or one of those that do, by their parts."""
    found = {_parts(file.path) for file in files if imports_sdk(file.scopes)}
    rest = [file for file in files if _parts(file.path) not in found]
    while True:
        is_related = {file.path: _relation(file.path, found) for file in rest}
        more = [
            file
            for file in rest
            if any(is_related[file.path](item.name) for item in file.scopes.imports)
        ]
        if not more or not found:
            return found
        found |= {_parts(file.path) for file in more}
        rest = [file for file in rest if file not in more]


def _parts(path: str) -> tuple[str, ...]:
    pure = PurePosixPath(path)
    parts = (*pure.parent.parts, pure.stem)
    return parts[:-1] if parts[-1] == "__init__" else parts


def _relation(path: str, related: set[tuple[str, ...]]) -> Callable[[str], bool]:
    """Tell of dotted names, as a file writes them, whether they lead to a related module.

    Where the files of a workspace lie on `sys.path` is not known here: a name leads to each module
    whose path ends as it says.
    """
    tails = {parts[start:] for parts in related for start in range(len(parts))}
    package = PurePosixPath(path).parent.parts

    def is_related(dotted: str) -> bool:
        name = dotted.lstrip(".")
        level = len(dotted) - len(name)
        parts = tuple(name.split(".")) if name else ()
        if level:
            parts = (*package[: len(package) - (level - 1)], *parts)
            return bool({parts, parts[:-1]} & related)
        return bool({parts, parts[:-1]} & tails)

    return is_related
