"""A row of the table of uses: a program of a few lines, and what it answered in three trees."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

_HEADER = re.compile(r"^# /// script\n(?P<body>(?:#.*\n)+?)# ///\n", re.MULTILINE)
"""https://packaging.python.org/en/latest/specifications/inline-script-metadata/"""


@dataclass(frozen=True, kw_only=True)
class Use:
    """A program that uses a package, and prints an answer that is always the same."""

    name: str
    requirements: tuple[str, ...]
    """Each with its exact version."""
    about: str
    """What it does, in a few words."""
    source: str

    @property
    def package(self) -> str:
        """The package that it is about, which is named first."""
        return self.requirements[0].partition("==")[0]


def read_use(file: Path) -> Use:
    """Read a program: requirements and Python stand in its header, the words in its docstring."""
    source = file.read_text(encoding="utf-8")
    header = _HEADER.search(source)
    if header is None:
        raise ValueError(f"{file.name} has no header with its dependencies")
    lines = header["body"].splitlines()
    data = tomllib.loads("\n".join(line.removeprefix("#").strip() for line in lines))
    about = source[header.end() :].split('"""')[1]
    return Use(
        name=file.stem,
        requirements=tuple(data["dependencies"]),
        about=about.strip().rstrip("."),
        source=source,
    )


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a program said in one tree."""

    bytes: int
    """Installed, less what was removed."""
    code: int
    out: str
    error: str = ""
    """The last line of what it wrote to standard error."""


@dataclass(frozen=True, kw_only=True)
class UseRow:
    """What came of a use: an answer for each profile, `off` among them."""

    name: str
    package: str
    version: str = ""
    about: str = ""
    error: str = ""
    """Why there are no answers, in the tool's words."""
    answers: Mapping[str, Answer] = field(default_factory=dict)
    restored: Mapping[str, int] = field(default_factory=dict)
    """For each profile the files that guard and proof put back."""

    @property
    def works_whole(self) -> bool:
        """Whether the program works where nothing was removed."""
        whole = self.answers.get("off")
        return not self.error and whole is not None and not whole.code and bool(whole.out.strip())

    def breaks(self, profile: str) -> bool:
        """Tell whether the program answers differently in a pruned tree."""
        whole, pruned = self.answers["off"], self.answers[profile]
        return (whole.code, whole.out) != (pruned.code, pruned.out)

    @property
    def is_equal(self) -> bool:
        """Whether it works, and in every tree alike."""
        return self.works_whole and not any(map(self.breaks, self.answers))

    def as_data(self) -> dict[str, Any]:
        """Give it in JSON's types."""
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "UseRow":
        """Take what `as_data` gave, after JSON."""
        answers = {profile: Answer(**answer) for profile, answer in data["answers"].items()}
        return cls(**{**data, "answers": answers})
