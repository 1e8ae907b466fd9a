"""Who imports whom, read from source; no code is run.

Sources: the import statement and its relative form, PEP 328; `importlib.import_module`.
"""

import ast
import re
from collections.abc import Collection, Iterable
from enum import IntEnum

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.prune.source import parse

_DYNAMIC = ("import_module", "__import__", "get_data", "files", "open_text", "open_binary")


_OPEN_IMPORT = re.compile(rb"import\s*\((?:[^)#]|#[^\n]*)*")


_LOADING = (b"import", b"get_data", b"files", b"open_text", b"open_binary")


class When(IntEnum):
    """When an import statement runs, from certain to possible."""

    LOADING = 0
    """As its module loads: if the imported module is gone, this one fails."""
    GUARDED = 1
    """As its module loads, but inside `try` or `if`: the module may cope."""
    LATER = 2
    """Inside a function: fails when called."""


@dataclass(frozen=True, kw_only=True, order=True)
class Import:
    """One module name that a source file may import."""

    name: str
    line: int
    when: When


def may_import(source: bytes, words: Collection[bytes]) -> bool:
    """Tell cheaply whether a source may import a module by a name that holds one of the words.

    Parsing every source of a layer takes seconds. A source is worth parsing when a word stands on
    a line with `import` (or a call that loads by name), in the parentheses of one, or after a
    line continuation.
    """
    for word in words:
        start = source.find(word)
        while start >= 0:
            end = start + len(word)
            if _stands_in_import(source, start, end):
                return True
            start = source.find(word, end)
    return False


def _stands_in_import(source: bytes, start: int, end: int) -> bool:
    if _is_word_byte(source[start - 1 : start]) or _is_word_byte(source[end : end + 1]):
        return False
    line_start = source.rfind(b"\n", 0, start) + 1
    line_end = source.find(b"\n", end)
    line = source[line_start : line_end if line_end >= 0 else len(source)]
    if any(name in line for name in _LOADING):
        return True
    statement = _OPEN_IMPORT.match(source, max(0, source.rfind(b"import", 0, start)))
    if statement and start <= statement.end():
        return True
    bracket = source.rfind(b"(", 0, start)
    if bracket >= 0 and source.find(b")", bracket, start) < 0:
        opener = source[max(0, bracket - 24) : bracket]
        return any(name in opener for name in _LOADING)
    return source[max(0, line_start - 3) : line_start].rstrip().endswith(b"\\")


def _is_word_byte(byte: bytes) -> bool:
    return byte.isalnum() or byte == b"_"


def imports_of(source: bytes, module: str, *, is_package: bool) -> list[Import]:
    """List what a source file imports, relative names resolved against its own.

    `from x import y` yields `x` and `x.y`, since `y` may be a module. A source that does not parse
    (templates, Python 2) imports nothing.
    """
    tree = parse(source)
    if tree is None:
        return []
    package = module if is_package else module.rpartition(".")[0]
    finder = _Finder(package)
    finder.block(tree.body, When.LOADING)
    return finder.imports


class _Finder:
    """Walks statements, keeping in mind when they run."""

    def __init__(self, package: str) -> None:
        self.imports: list[Import] = []
        self._package = package

    def block(self, statements: Iterable[ast.AST], when: When) -> None:
        """Walk in the order of the source, without recursion: long sums nest by the thousand."""
        queue = [(statement, when) for statement in reversed(list(statements))]
        while queue:
            node, now = queue.pop()
            then = self._visit(node, now)
            queue += [(child, then) for child in reversed(list(ast.iter_child_nodes(node)))]

    def _visit(self, node: ast.AST, when: When) -> When:
        """Note what a node imports; say when the nodes in it run."""
        match node:
            case ast.Import(names=names):
                for alias in names:
                    self._add(alias.name, node.lineno, when)
            case ast.ImportFrom(module=module, names=names, level=level):
                base = self._absolute(module or "", level)
                if base is not None:
                    self._add(base, node.lineno, when)
                    for alias in names:
                        self._add(f"{base}.{alias.name}".lstrip("."), node.lineno, when)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                return When.LATER
            case ast.Try() | ast.If() | ast.TryStar():
                return max(when, When.GUARDED)
            case ast.Call():
                self._call(node, when)
            case _:
                pass
        return when

    def _call(self, node: ast.Call, when: When) -> None:
        function = node.func
        name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
        if name not in _DYNAMIC or not node.args:
            return
        first = node.args[0]
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            dotted = first.value
            level = len(dotted) - len(dotted.lstrip("."))
            base = self._absolute(dotted[level:], level)
            if base and all(part.isidentifier() for part in base.split(".")):
                self._add(base, node.lineno, when)

    def _absolute(self, name: str, level: int) -> str | None:
        if level == 0:
            return name
        parts = self._package.split(".") if self._package else []
        if level - 1 > len(parts):
            return None
        base = parts[: len(parts) - (level - 1)]
        return ".".join([*base, name] if name else base)

    def _add(self, name: str, line: int, when: When) -> None:
        if name:
            self.imports.append(Import(name=name, line=line, when=when))
