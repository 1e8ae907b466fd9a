"""An index as indexes are: compressed wheels, and parts of them for whoever asks."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.integration.local_index import Answer, Response, answers, wheel


def packed_wheel(  # noqa: PLR0913 (what a wheel has)
    folder: Path,
    name: str,
    version: str,
    files: Mapping[str, str | bytes],
    requires: Iterable[str] = (),
    *,
    headers: Iterable[str] = (),
) -> Path:
    """Put a compressed wheel into the folder of an index."""
    file, content = wheel(name, version, files, requires=requires, headers=headers)
    data = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as plain, zipfile.ZipFile(data, "w", 8) as packed:
        for member in plain.infolist():
            packed.writestr(member, plain.read(member.filename), zipfile.ZIP_DEFLATED)
    (folder / file).write_bytes(data.getvalue())
    return folder / file


class Ranges:
    """Answers ranges of what another answers, and writes down which files were asked for, how."""

    def __init__(self, folder: Path) -> None:
        self._answer: Answer = answers(folder)
        self.asked: list[tuple[str, str]] = []
        self.sent = 0

    def __call__(self, request: Any) -> Response:  # noqa: ANN401 (one line's worth)
        method, path, headers, _ = request
        status, more, content = self._answer(request)
        asked = headers.get("Range", headers.get("range", ""))
        if "/files/" in path and status == HTTPStatus.OK:
            more = {**more, "Accept-Ranges": "bytes"}
        if "/files/" in path and method == "GET" and status == HTTPStatus.OK:
            self.asked.append((path.rpartition("/")[2], asked))
        if status != HTTPStatus.OK or not asked.startswith("bytes="):
            return status, more, content
        first, last = asked.removeprefix("bytes=").split("-")
        size = len(content)
        start = int(first) if first else max(0, size - int(last))
        end = min(int(last) + 1, size) if first and last else size
        self.sent += end - start
        told = {**more, "Content-Range": f"bytes {start}-{end - 1}/{size}"}
        return 206, told, content[start:end]
