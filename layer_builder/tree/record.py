"""RECORD: the files of a distribution, their digests and sizes.

Format: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

import base64
import csv
import hashlib
import io
from collections.abc import Collection, Iterable, Mapping, Sequence

from layer_builder.errors import InstallError, shortened

_COLUMNS = 3


def read_record(content: bytes, path: str) -> list[list[str]]:
    """Read a RECORD: rows of a path, a digest and a size, the last two perhaps empty.

    `path` is its own, for the message. Raises InstallError where it is none.
    """
    try:
        text = content.decode("utf-8")
        rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except (UnicodeDecodeError, csv.Error) as error:
        raise broken_wheel(
            path.rpartition("/")[0], f"its RECORD cannot be read: {error}"
        ) from error
    odd = next((row for row in rows if len(row) != _COLUMNS), None)
    if odd:
        raise broken_wheel(
            path.rpartition("/")[0], f"its RECORD has the row {shortened(','.join(odd))}"
        )
    return rows


def rows_without(rows: Iterable[list[str]], gone: Collection[str]) -> list[list[str]]:
    """Leave out what is no longer there."""
    return [row for row in rows if row[0] not in gone]


def rows_with(rows: Iterable[list[str]], changed: Mapping[str, bytes]) -> list[list[str]]:
    """Give files that have new contents the new digests and sizes."""
    news: list[list[str]] = []
    for row in rows:
        if row[0] in changed:
            content = changed[row[0]]
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            news.append([row[0], f"sha256={digest.decode()}", str(len(content))])
        else:
            news.append(row)
    return news


def record_text(rows: Iterable[Sequence[str]]) -> str:
    """Write rows as a RECORD."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def broken_wheel(folder: str, why: str) -> InstallError:
    """Make the error for a `.dist-info` folder that a wheel got wrong."""
    return InstallError.because(
        f"a wheel brought {shortened(folder)}, and {why}",
        advice=("take another version of it, and tell its authors",),
    )
