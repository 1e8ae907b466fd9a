"""The paths that a source puts together from literal parts, as far as they can be read."""

import ast
from collections.abc import Collection, Iterator
from itertools import takewhile

from layer_builder.prune.source import parse


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
