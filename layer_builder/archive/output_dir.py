"""The output directory: finished zips, each with a record of how it came to be."""

from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from layer_builder.archive import reader
from layer_builder.archive.files import copy_file, move_file, replace_file
from layer_builder.model import Archive, BuildDetails, Weight


@dataclass(frozen=True, kw_only=True)
class BuildRecord:
    """What is known of a zip without opening it."""

    stem: str
    """Name of the layer's files."""
    request: str
    """Key of the request."""
    content: str
    """Key of the request with the chosen versions."""
    made_by: str
    """The command that built it."""
    sha256: str
    """Of the zip, in hexadecimal."""
    weight: Weight
    files: int
    details: BuildDetails


_RECORDS = TypeAdapter(BuildRecord)


@dataclass(frozen=True, kw_only=True)
class OutputDir:
    """One output directory."""

    folder: Path

    def zip_path(self, name: str) -> Path:
        """Say where the zip of a layer goes, by its name on AWS."""
        return self.folder / f"{name}.zip"

    def find(self, name: str) -> tuple[BuildRecord, Archive] | None:
        """Find a zip that is still what its record says; None for anything else."""
        try:
            record = _RECORDS.validate_json(self._record_path(name).read_bytes())
            intact = reader.sha256_of(self.zip_path(name)) == record.sha256
        except (OSError, ValidationError):
            return None
        if not intact:
            return None
        return record, Archive(
            path=self.zip_path(name), sha256=record.sha256, weight=record.weight, files=record.files
        )

    def keep(self, name: str, record: BuildRecord) -> None:
        """Write the record of a finished zip."""
        text = _RECORDS.dump_json(record, indent=1) + b"\n"
        replace_file(self._record_path(name), lambda file: file.write(text))

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

    def _record_path(self, name: str) -> Path:
        return self.folder / f"{name}.layer.json"
