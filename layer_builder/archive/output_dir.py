"""The output directory: finished zips, each with a record of how it came to be."""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter

from layer_builder.archive import reader, remote
from layer_builder.archive.writer import copy_zip
from layer_builder.keeping import copy_file, move_file, replace_file
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Archive, BuildDetails, Weight

_CHUNK = 1 << 20


@dataclass(frozen=True, kw_only=True)
class BuildRecord:
    """What is known of a zip without opening it."""

    stem: str
    """Name of the layer's files."""
    request: str
    """Key of the request."""
    content: str
    """Key of the request with the chosen versions."""
    sha256: str
    """Of the zip, in hexadecimal."""
    weight: Weight
    files: int
    details: BuildDetails

    @property
    def text(self) -> bytes:
        """The record as it is written beside its zip."""
        return _records().dump_json(self, indent=1) + b"\n"


@cache
def _records() -> TypeAdapter[BuildRecord]:
    return TypeAdapter(BuildRecord)


@dataclass(frozen=True, kw_only=True)
class OutputDir:
    """One output directory."""

    folder: Path

    def zip_path(self, name: str) -> Path:
        """Say where the zip of a layer goes, by its name on AWS."""
        return self.folder / f"{name}.zip"

    def stems(self) -> list[str]:
        """Name the zips that lie there, hidden ones left out."""
        return sorted(path.stem for path in self.folder.glob("[!.]*.zip"))

    def sha256(self, name: str) -> str | None:
        """Give the digest of a zip that lies there; None where none can be read."""
        try:
            return reader.sha256_of(self.zip_path(name))
        except OSError:
            return None

    def find(
        self, name: str, record_text: bytes | None = None
    ) -> tuple[BuildRecord, Archive] | None:
        """Find a zip that is what its record says; None for anything else.

        The record lies beside it unless it is given. Who wrote both is not known: the zip is weighed
        anew, and the record says what it likes.
        """
        try:
            text = self.record_path(name).read_bytes() if record_text is None else record_text
            record = _records().validate_json(text)
            # NaN and Infinity would get into report.json, and no JSON reader would take that.
            json.dumps(_records().dump_python(record), allow_nan=False, default=str)
        except (OSError, ValueError):
            return None
        if self.sha256(name) != record.sha256:
            return None
        try:
            weight, files = reader.weigh_zip(self.zip_path(name))
        except (OSError, zipfile.BadZipFile):
            return None
        return record, Archive(
            path=self.zip_path(name), sha256=record.sha256, weight=weight, files=files
        )

    def weigh(self, name: str, sha256: str) -> Archive:
        """Weigh a zip that has this digest. Raises OSError, and ValueError for what is no zip."""
        path = self.zip_path(name)
        try:
            weight, files = reader.weigh_zip(path)
        except zipfile.BadZipFile as error:
            raise ValueError(str(error)) from None
        return Archive(path=path, sha256=sha256, weight=weight, files=files)

    def fetch(self, name: str, url: str, sha256: str) -> str:
        """Fetch a zip from elsewhere; it appears here only when it has this digest.

        Gives the digest that it has. Raises UnreadableZipError, OSError.
        """
        with remote.fetched_zip(url) as file:
            digest = hashlib.sha256()
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
            found = digest.hexdigest()
            if found == sha256:
                file.seek(0)
                self.folder.mkdir(parents=True, exist_ok=True)
                replace_file(self.zip_path(name), lambda to: shutil.copyfileobj(file, to))
        return found

    def keep(self, name: str, record: BuildRecord) -> None:
        """Write the record of a finished zip."""
        replace_file(self.record_path(name), lambda file: file.write(record.text))

    def put(self, name: str, text: str) -> None:
        """Write a text file; it appears there only when it is whole.

        Halves of characters, which an exception's text may have, are written as escapes.
        """
        content = text.encode(errors="backslashreplace")
        replace_file(self.folder / name, lambda file: file.write(content))

    def receive(self, archive: Archive, name: str) -> Archive:
        """Put a finished zip under a name; it appears there only when it is whole."""
        destination = self.zip_path(name)
        if archive.path != destination:
            destination.parent.mkdir(parents=True, exist_ok=True)
            move_file(archive.path, destination)
        return replace(archive, path=destination)

    def sweep(self) -> None:
        """Remove the zips that nobody chose."""
        for path in self.folder.glob(".*.zip"):
            path.unlink(missing_ok=True)

    def copy(self, archive: Archive, name: str) -> Archive:
        """Put the same zip under another layer's name."""
        destination = self.zip_path(name)
        destination.parent.mkdir(parents=True, exist_ok=True)
        copy_file(archive.path, destination)
        return Archive(
            path=destination, sha256=archive.sha256, weight=archive.weight, files=archive.files
        )

    def thin_out(self, archive: Archive, name: str, *, leaving_out: Collection[str]) -> Archive:
        """Put the same zip without some of its members under another name."""
        return copy_zip(archive.path, self.zip_path(name), leaving_out=leaving_out)

    def record_path(self, name: str) -> Path:
        """Say where the record of a zip goes."""
        return self.folder / f"{name}.layer.json"
