"""Sections of CHANGELOG.md become release notes, once they are dated."""

import pytest

from release import changelog
from release.errors import RefusedError

HEAD = "# Changelog\n\nWhat it is.\n\n"
ONE = "## 0.1.0 - 2026-01-02\n\n- The first.\n"
OPEN = f"{HEAD}## Unreleased\n\n### Added\n\n- A thing.\n\n{ONE}"


def test_what_is_unreleased_gets_its_version_and_date() -> None:
    text = changelog.dated(OPEN, "0.2.0", "2026-11-30")
    names = [(section.name, section.date) for section in changelog.read_sections(text)]
    assert names == [("Unreleased", ""), ("0.2.0", "2026-11-30"), ("0.1.0", "2026-01-02")]
    assert changelog.release_notes(text, "0.2.0") == "### Added\n\n- A thing.\n"
    assert text.endswith(ONE)


def test_it_is_dated_anew_when_it_is_prepared_again() -> None:
    text = changelog.dated(OPEN, "0.2.0", "2026-11-30")
    again = changelog.dated(text, "0.2.0", "2026-12-01")
    assert again == text.replace("2026-11-30", "2026-12-01")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"{HEAD}## Unreleased\n\n{ONE}", "nothing is unreleased"),
        (HEAD + ONE, "is not `## Unreleased`"),
        (f"{HEAD}## Unreleased\n\n- New.\n\n## 0.2.0 - 2026-11-30\n\n- A.\n", "move them there"),
    ],
)
def test_what_cannot_be_dated_is_refused(text: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        changelog.dated(text, "0.2.0", "2026-11-30")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (OPEN, "no dated section of 0.2.0"),
        (f"{HEAD}## 0.2.0\n\n- A.\n", "no dated section"),
        (f"{HEAD}## Unreleased\n\n- New.\n\n## 0.2.0 - 2026-11-30\n\n- A.\n", "entries above 0.2.0"),
        (f"{HEAD}## 0.3.0 - 2026-12-01\n\n- B.\n\n## 0.2.0 - 2026-11-30\n\n- A.\n", "not the newest"),
        (f"{HEAD}## 0.2.0 - 2026-11-30\n\n{ONE}", "has 0 characters"),
        (f"{HEAD}## 0.2.0 - 2026-11-30\n\n{'a' * 125_001}\n", "has 125001 characters"),
    ],
)  # fmt: skip
def test_notes_that_are_not_ready_are_refused(text: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        changelog.release_notes(text, "0.2.0")


@pytest.mark.parametrize("text", ["v0.2.0", "0.2", "0.2.0rc1", "00.2.0", "0.2.0\n", "٠.2.0"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(RefusedError, match="is no version"):
        changelog.parse_version(text)
