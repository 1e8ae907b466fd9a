"""The output directory as a shelf: finished zips, each with a note of how it came to be."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from layer_builder.archive import reader
from layer_builder.model.build import Account, Archive
from layer_builder.model.limits import Weight


@dataclass(frozen=True, kw_only=True)
class Note:
    """What is known of a zip without opening it."""

    stem: str
    """Name of the layer's files."""
    recipe: str
    """Key of the recipe."""
    content: str
    """Key of the recipe with the chosen versions."""
    made_by: str
    """The command that built it."""
    sha256: str
    """Of the zip, in hexadecimal."""
    weight: Weight
    files: int
    account: Account


_NOTES = TypeAdapter(Note)


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """One output directory."""

    folder: Path

    def zip_path(self, name: str) -> Path:
        """Say where the zip of a layer goes, by its name on AWS."""
        return self.folder / f"{name}.zip"

    def find(self, name: str) -> tuple[Note, Archive] | None:
        """Take up a zip that is still what its note says; None for anything else."""
        try:
            note = _NOTES.validate_json(self._note_path(name).read_bytes())
            intact = reader.digest_of(self.zip_path(name)) == note.sha256
        except (OSError, ValidationError):
            return None
        if not intact:
            return None
        return note, Archive(
            path=self.zip_path(name), sha256=note.sha256, weight=note.weight, files=note.files
        )

    def keep(self, name: str, note: Note) -> None:
        """Write the note of a finished zip."""
        partial = self._note_path(name).with_suffix(".part")
        partial.write_bytes(_NOTES.dump_json(note, indent=1) + b"\n")
        partial.replace(self._note_path(name))

    def put(self, file: str, text: str) -> None:
        """Write a text file; it appears there only when it is whole."""
        partial = self.folder / f"{file}.part"
        partial.write_text(text, encoding="utf-8")
        partial.replace(self.folder / file)

    def receive(self, made: Archive, name: str) -> Archive:
        """Put a finished zip under a name; it appears there only when it is whole."""
        destination = self.zip_path(name)
        if made.path != destination:
            destination.parent.mkdir(parents=True, exist_ok=True)
            partial = destination.with_suffix(".part")
            shutil.move(made.path, partial)
            partial.replace(destination)
        return replace(made, path=destination)

    def sweep(self) -> None:
        """Remove the zips that nobody chose."""
        for path in self.folder.glob(".*.zip"):
            path.unlink(missing_ok=True)

    def copy(self, made: Archive, name: str) -> Archive:
        """Put the same zip under another layer's name."""
        destination = self.zip_path(name)
        destination.parent.mkdir(parents=True, exist_ok=True)
        partial = destination.with_suffix(".part")
        shutil.copyfile(made.path, partial)
        partial.replace(destination)
        return Archive(path=destination, sha256=made.sha256, weight=made.weight, files=made.files)

    def _note_path(self, name: str) -> Path:
        return self.folder / f"{name}.layer.json"
