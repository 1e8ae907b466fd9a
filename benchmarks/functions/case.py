"""A function to try, and what came of it."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "cases"
"""Each function is a folder here: app.py with `handler`, requirements.txt, events/*.json."""


@dataclass(frozen=True, kw_only=True)
class FunctionCase:
    """A function, by the folder that it lies in."""

    name: str
    folder: Path

    @property
    def requirements(self) -> tuple[str, ...]:
        """The lines of its requirements.txt, each with an exact version."""
        text = (self.folder / "requirements.txt").read_text(encoding="utf-8")
        return tuple(text.split())

    @property
    def files(self) -> Mapping[str, bytes]:
        """Its files by path."""
        return {
            path.relative_to(self.folder).as_posix(): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        }

    @property
    def digest(self) -> str:
        """A digest of its files."""
        digest = hashlib.sha256()
        for path, content in self.files.items():
            digest.update(f"{path} {len(content)}\n".encode() + content)
        return digest.hexdigest()


@dataclass(frozen=True, kw_only=True)
class FunctionRow:
    """What came of a function. Sizes are bytes, times seconds."""

    name: str
    requirements: tuple[str, ...]
    error: str = ""
    """Why the tool refused, in its words."""
    before: Mapping[str, str] = field(default_factory=dict)
    """Each event's answer on layers with all that was installed."""
    after: Mapping[str, str] = field(default_factory=dict)
    """The same on layers as the tool makes them smallest and fastest."""
    pip_zip: int = 0
    """What pip installs, zipped at level 6, without bytecode."""
    pip_compiled_zip: int = 0
    """The same with the bytecode that pip makes unless it is told not to."""
    zip: int = 0
    bytecode: int = 0
    """How much of the tool's zip is bytecode."""
    init_before: float = 0.0
    """Importing the handler from source."""
    init_after: float = 0.0
    """Importing it with the bytecode that its layer has."""
    packed: str = ""
    """What came of `bytecode: auto`."""
    seconds: float = 0.0

    @property
    def why_not(self) -> list[str]:
        """Why the row does not prove what it should, a line each."""
        if self.error:
            return [self.error.splitlines()[0]]
        if not self.before:
            return ["it has no event"]
        return [
            f"{event}: {self.before.get(event)} before, {self.after.get(event)} after"
            for event in sorted({*self.before, *self.after})
            if self.before.get(event) != self.after.get(event)
        ]

    def as_data(self) -> dict[str, Any]:
        """Give it in JSON's types."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "FunctionRow":
        """Take what `as_data` gave, after JSON."""
        return cls(**{**data, "requirements": tuple(data["requirements"])})


def all_cases(folder: Path = FOLDER) -> list[FunctionCase]:
    """List the functions by name."""
    return [
        FunctionCase(name=path.name, folder=path)
        for path in sorted(folder.iterdir())
        if (path / "app.py").is_file()
    ]
