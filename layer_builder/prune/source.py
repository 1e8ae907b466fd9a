"""The sources of a tree: who reads them, and how a place in one is named in the report."""

from collections.abc import Callable

ReadSource = Callable[[str], bytes]
"""Gives the bytes of a file of the tree by its path."""


def source_place(path: str, source: bytes, offset: int) -> str:
    r"""Name the line of an offset into a source, as editors and compilers do.

    >>> source_place("demo.py", b"import a\nimport b\n", 9)
    'demo.py:2'
    """
    line = source.count(b"\n", 0, offset) + 1
    return f"{path}:{line}"
