"""Text files of the workspace: bounded, in UTF-8, and requirements files in whatever pip reads."""

import codecs
import os
import stat
from collections.abc import Callable
from pathlib import Path

from layer_builder.errors import Problem
from layer_builder.model import mib

MOST_BYTES = 16 * 1024 * 1024
"""Of a file that says what a layer is made from: ten times the largest lock that was met."""


Tell = Callable[[Problem], None]
"""Hears what the reader of a log may want to know."""


_MARKS = (
    # The longer ones first: UTF-16's mark is the beginning of UTF-32's.
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
"""What text in other encodings begins with: https://www.unicode.org/faq/utf_bom.html#bom4."""


class OversizeError(ValueError):
    """A file is larger than any of its kind."""


class EncodingError(ValueError):
    """A file is no text, or in an encoding that nobody said; its message says so."""


def read_bounded(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """Read a regular file in UTF-8, with a byte order mark or without.

    Raises OSError, EncodingError, and OversizeError for one of more bytes, before they are
    in memory.
    """
    return _decoded(_read_bytes(path, most_bytes))


def read_any_text(path: Path, name: str, tell: Tell) -> str:
    """Read a regular file in UTF-8, or in what its byte order mark says; that it has one is told.

    pip does the same (https://pip.pypa.io/en/stable/reference/requirements-file-format/#encoding),
    and takes all else for the locale's encoding, which another machine has not. Raises as
    `read_bounded` does.
    """
    content = _read_bytes(path, MOST_BYTES)
    encoding = next((found for mark, found in _MARKS if content.startswith(mark)), None)
    if encoding:
        tell(
            Problem(
                message=f"{name} is text in {encoding}, and read as such",
                advice=("save it as UTF-8: other tools may not read it",),
            )
        )
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            raise EncodingError(f"is not text in {encoding}: {error.reason}") from None
    if content.startswith(codecs.BOM_UTF8):
        tell(
            Problem(
                message=f"{name} begins with a byte order mark, which is left out",
                advice=("save it as UTF-8 without one: other tools may take it for text",),
            )
        )
    elif b"\0" in content[:2]:
        raise EncodingError("is not text in UTF-8: it looks like UTF-16 without a byte order mark")
    return _decoded(content)


def _read_bytes(path: Path, most_bytes: int) -> bytes:
    # Opening a FIFO would wait for a writer: https://man7.org/linux/man-pages/man7/fifo.7.html
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        mode = os.fstat(descriptor).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(f"{path} is a directory")
        if not stat.S_ISREG(mode):
            raise OversizeError("is not a regular file")
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise OversizeError(f"is larger than {mib(most_bytes)}")
    return content


def _decoded(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        byte = content[error.start]
        raise EncodingError(f"is not text in UTF-8: line {line} has the byte {byte:#x}") from None
