"""An OSV database in a file: records as JSON, or a zip with a file for each.

The latter is what https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip is:
https://google.github.io/osv.dev/data/#data-dumps. Of a zip one record at a time is in memory.
"""

import json
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from layer_builder.audit.answer import Answer, Distribution
from layer_builder.audit.records import affected_parts, is_affected, names_of
from layer_builder.model import MIB, counted

_MOST_BYTES = 512 * MIB
"""Of the file."""
_MOST_JSON_BYTES = 64 * MIB
_MOST_RECORD_BYTES = 16 * MIB
_MOST_UNPACKED_BYTES = 4096 * MIB
_MOST_RECORDS = 1_000_000


def look_up(path: Path, distributions: Sequence[Distribution]) -> Answer:
    """Say which vulnerabilities a file knows of distributions; withdrawn ones are none.

    Raises OSError, and ValueError for what is no database of PyPI's.
    """
    wanted: dict[str, list[Distribution]] = {}
    for one in distributions:
        wanted.setdefault(canonicalize_name(one[0]), []).append(one)
    known: dict[Distribution, set[str]] = {}
    aliases: dict[str, frozenset[str]] = {}
    records, newest = 0, ""
    for record in _records(path):
        parts = affected_parts(record)
        if not parts:
            continue
        records += 1
        newest = max(newest, str(record.get("modified") or ""))
        if record.get("withdrawn"):
            continue
        for name in parts.keys() & wanted.keys():
            for one in wanted[name]:
                if is_affected(one[1], parts[name]):
                    found, aliases_of = names_of(record)
                    known.setdefault(one, set()).add(found)
                    aliases[found] = aliases_of
    if not records:
        message = "it has no record of the ecosystem PyPI"
        raise ValueError(message)
    about = f"{counted(records, 'record')}, the newest of {newest[:10] or 'no date'}"
    sorted_ids = {one: tuple(sorted(ids)) for one, ids in known.items()}
    return Answer(known=sorted_ids, aliases=aliases, about=about)


def _records(path: Path) -> Iterator[Mapping[str, Any]]:
    if not path.exists():
        message = "there is no such file"
        raise ValueError(message)
    if not path.is_file():
        message = "it is no regular file"
        raise ValueError(message)
    _bound("it", path.stat().st_size, _MOST_BYTES)
    if zipfile.is_zipfile(path):
        yield from _zipped(path)
        return
    _bound("it", path.stat().st_size, _MOST_JSON_BYTES)
    value = _json(path.read_bytes(), "it")
    if isinstance(value, dict) and isinstance(value.get("vulns"), list):
        value = value["vulns"]
    for one in value if isinstance(value, list) else [value]:
        yield _record(one, "it")


def _zipped(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if one.filename.endswith(".json")]
            if len(members) > _MOST_RECORDS:
                message = f"it has more than {_MOST_RECORDS:,} records"
                raise ValueError(message)
            _bound("what is in it", sum(one.file_size for one in members), _MOST_UNPACKED_BYTES)
            for member in members:
                _bound(member.filename, member.file_size, _MOST_RECORD_BYTES)
                with archive.open(member) as opened:
                    content = opened.read(_MOST_RECORD_BYTES)
                yield _record(_json(content, member.filename), member.filename)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, struct.error) as error:
        message = f"it is no zip that can be read: {error}"
        raise ValueError(message) from None
    except (zlib.error, EOFError) as error:
        message = f"it is a broken zip: {error}"
        raise ValueError(message) from None


def _bound(what: str, size: int, most: int) -> None:
    if size > most:
        message = f"{what} is larger than {most // MIB:,} MiB"
        raise ValueError(message)


def _json(content: bytes, name: str) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        message = f"{name} is no JSON"
        raise ValueError(message) from None


def _record(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, dict) or not isinstance(value.get("id"), str):
        message = f"{name} holds what is no record of OSV's"
        raise ValueError(message)  # noqa: TRY004 (a file, not a call of ours)
    return value
