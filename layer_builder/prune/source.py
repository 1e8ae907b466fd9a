"""The sources of a tree: the modules that they are, and how a place in one is named."""

import re
from collections.abc import Callable
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


def module_name(path: str) -> str | None:
    """Name the module at a path relative to a `sys.path` entry, or None when it is not one.

    >>> module_name("boto3/docs/__init__.py")
    'boto3.docs'
    >>> module_name("numpy/_core/_multiarray.cpython-312-x86_64-linux-gnu.so")
    'numpy._core._multiarray'
    """
    pure = PurePosixPath(path)
    if pure.suffix == ".py":
        stem = pure.stem
    elif suffix := _EXTENSION_SUFFIX.search(pure.name):
        stem = pure.name[: suffix.start()]
    else:
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
