"""The sources of a tree: the modules that they are, and how a place in one is named."""

import ast
import re
import warnings
from collections.abc import Callable, Collection, Iterator
from functools import cache
from itertools import takewhile
from pathlib import PurePosixPath

ReadSource = Callable[[str], bytes]
"""Gives the bytes of a file of the tree by its path."""


_EXTENSION_SUFFIX = re.compile(r"(\.cpython-[^.]+|\.abi3)?\.so$")


def source_place(path: str, source: bytes, offset: int) -> str:
    r"""Name the line of an offset into a source, as editors and compilers do.

    >>> source_place("demo.py", b"import a\nimport b\n", 9)
    'demo.py:2'
    """
    line = source.count(b"\n", 0, offset) + 1
    return f"{path}:{line}"


def parse(source: bytes) -> ast.Module | None:
    """Parse a source; gives None for what does not parse: templates, Python 2."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def outermost(path: str, names: Collection[str]) -> str:
    """Give the outermost folder of a path that has one of the names; "" where none has.

    >>> outermost("a/tests/data/tests/x.py", {"tests"})
    'a/tests'
    """
    for folder in folders_of(path):
        if folder.rpartition("/")[2] in names:
            return folder
    return ""


def folders_of(path: str) -> list[str]:
    """List the folders that a path lies in, the outermost first.

    >>> folders_of("a/b/c.py")
    ['a', 'a/b']
    """
    parts = path.split("/")[:-1]
    return ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]


def native_module(name: str) -> str:
    """Give the name of the module in a native library's file name; "" where there is none.

    >>> native_module("_rust.abi3.so")
    '_rust'
    """
    suffix = _EXTENSION_SUFFIX.search(name)
    return name[: suffix.start()] if suffix else ""


@cache  # thirty thousand calls for three thousand files
def module_name(path: str) -> str | None:
    """Name the module at a path relative to a `sys.path` entry, or None when it is not one.

    >>> module_name("boto3/docs/__init__.py")
    'boto3.docs'
    >>> module_name("numpy/_core/_multiarray.cpython-312-x86_64-linux-gnu.so")
    'numpy._core._multiarray'
    """
    pure = PurePosixPath(path)
    stem = pure.stem if pure.suffix == ".py" else native_module(pure.name)
    if not stem:
        return None
    parts = [*pure.parent.parts, stem]
    if parts[-1] == "__init__":
        parts.pop()
    if not parts or not all(part.isidentifier() for part in parts):
        return None
    return ".".join(parts)


def name_and_parents(name: str) -> list[str]:
    """List a dotted name and its packages, outermost first.

    >>> name_and_parents("a.b.c")
    ['a', 'a.b', 'a.b.c']
    """
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts) + 1)]


def built_paths(source: bytes, folders: Collection[str]) -> list[tuple[int, str]]:
    """Give where a path goes through one of the folders: the line, and the path from there on.

    It ends at the first part that is no literal. Examples in docstrings build none.

    >>> built_paths(b"here / 'tests' / 'data' / name", {"tests"})
    [(1, 'tests/data')]
    """
    tree = parse(source)
    found = []
    inner = set[ast.expr]()  # the beginning of a longer path; ast.walk meets the whole first
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.BinOp):
            inner.add(node.left)
        if isinstance(node, ast.BinOp) and node in inner:
            continue
        parts = [text for part in _parts(node) for text in _texts(part)]
        at = next((n for n, text in enumerate(parts) if text in folders), None)
        if at is not None:
            known = takewhile(lambda text: text is not None, parts[at:])
            found.append((getattr(node, "lineno", 1), "/".join(filter(None, known))))
    return sorted(set(found))


def _parts(node: ast.AST) -> list[ast.expr]:
    """List the parts of a path that an expression joins: `a / "b"`, `join(a, "b")`."""
    match node:
        case ast.BinOp(op=ast.Div(), left=left, right=right):
            return [*(_parts(left) or [left]), right]
        case ast.Call(func=ast.Attribute(attr="join" | "joinpath"), args=args):
            return args
        case ast.Call(func=ast.Name(id="join"), args=args):
            return args
        case _:
            return []


def _texts(part: ast.expr) -> Iterator[str | None]:
    """Split a literal part at its slashes; anything else is unknown."""
    if isinstance(part, ast.Constant) and isinstance(part.value, str):
        yield from part.value.strip("/").split("/")
    else:
        yield None
