"""Python of others as a syntax tree: never run, within bounds."""

import ast
import warnings
from functools import lru_cache

_MOST_CHARACTERS = 256 * 1024
"""More than modules with handlers or stacks have."""


@lru_cache(maxsize=128)
def parse_python(text: str) -> ast.Module:
    """Parse a module; what cannot be parsed has nothing in it. Nobody changes the tree."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes in their texts
            return ast.parse(text if len(text) <= _MOST_CHARACTERS else "")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ast.Module(body=[], type_ignores=[])


def written(node: ast.expr) -> str:
    """Write an expression anew; empty for one that nests too deeply."""
    try:
        return ast.unparse(node)
    except RecursionError:
        return ""
