"""Reads and dates the sections of CHANGELOG.md: https://keepachangelog.com/en/1.1.0/; pure."""

import re
from dataclasses import dataclass

from release.errors import RefusedError

UNRELEASED = "Unreleased"
VERSION = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})")
"""Three numbers; a pre-release would need rules for `v0` and `latest` that nobody has asked for."""
HEADING = re.compile(r"^## (\S+)(?: - (\d{4}-\d{2}-\d{2}))?[ ]*\n", re.MULTILINE)
MOST_CHARACTERS = 125_000
"""Of a release's body: GitHub answers 422, "body is too long (maximum is 125000 characters)"."""


@dataclass(frozen=True, kw_only=True)
class Section:
    """What changed with one version."""

    name: str
    date: str
    text: str


def parse_version(text: str) -> tuple[int, int, int]:
    """Read a version; raises RefusedError for what is not `X.Y.Z`."""
    found = VERSION.fullmatch(text)
    if not found:
        raise RefusedError(f"{text!a} is no version: write three numbers, such as 0.2.0")
    return int(found[1]), int(found[2]), int(found[3])


def read_sections(changelog: str) -> list[Section]:
    """Give the sections in their order, the newest first."""
    heads = list(HEADING.finditer(changelog))
    ends = [*(head.start() for head in heads[1:]), len(changelog)]
    return [
        Section(name=head[1], date=head[2] or "", text=changelog[head.end() : end].strip())
        for head, end in zip(heads, ends, strict=True)
    ]


def release_notes(changelog: str, version: str) -> str:
    """Give a version's section as the text of its release.

    Raises RefusedError where it is missing, not dated, empty or longer than GitHub takes, and where
    entries stand above it that no release has.
    """
    sections = read_sections(changelog)
    found = [section for section in sections if section.name == version]
    if len(found) != 1 or not found[0].date:
        raise RefusedError(
            f"CHANGELOG.md has no dated section of {version}: run `make prepare VERSION={version}`"
        )
    above = sections[: sections.index(found[0])]
    if [section.name for section in above] not in ([], [UNRELEASED]):
        raise RefusedError(f"{version} is not the newest section of CHANGELOG.md")
    if any(section.text for section in above):
        raise RefusedError(
            f"CHANGELOG.md has entries above {version}: run `make prepare VERSION={version}`"
        )
    if not 0 < len(found[0].text) <= MOST_CHARACTERS:
        raise RefusedError(
            f"the section of {version} has {len(found[0].text)} characters, a release 1 to {MOST_CHARACTERS}"
        )
    return found[0].text + "\n"


def dated(changelog: str, version: str, date: str) -> str:
    """Turn what is unreleased into a version's section, with its date.

    A version that was prepared before is dated anew. Raises RefusedError where there is nothing to
    release, or entries were added below Unreleased since.
    """
    sections = read_sections(changelog)
    unreleased = [section for section in sections if section.name == UNRELEASED]
    if len(unreleased) != 1 or sections[0] is not unreleased[0]:
        raise RefusedError(f"the first section of CHANGELOG.md is not `## {UNRELEASED}`")
    head = f"## {version} - {date}\n"
    known = [section for section in sections if section.name == version]
    if known and unreleased[0].text:
        raise RefusedError(
            f"CHANGELOG.md has a section of {version} and entries above it: move them there"
        )
    if known:
        return HEADING.sub(lambda found: head if found[1] == version else found[0], changelog)
    if not unreleased[0].text:
        raise RefusedError("nothing is unreleased in CHANGELOG.md")
    return changelog.replace(f"## {UNRELEASED}\n", f"## {UNRELEASED}\n\n{head}", 1)
