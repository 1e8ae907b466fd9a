"""Generators share a page: each writes its own section, and nothing of the others goes."""

from pathlib import Path

import pytest

from benchmarks.sections import write_page, write_section

PAGE = """# Ground

- a row

<!-- functions: begin -->
## Functions

| a |
<!-- functions: end -->

<!-- uses: begin -->
## Uses
<!-- uses: end -->
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_a_page_is_written_anew_around_its_sections(page: Path) -> None:
    write_page(page, "# Ground\n\n- another row\n")
    assert page.read_text() == PAGE.replace("a row", "another row")


def test_a_section_is_written_anew_where_it_is(page: Path) -> None:
    write_section(page, "functions", "## Functions\n\n| b \\1 |\n\n")
    assert page.read_text() == PAGE.replace("| a |", "| b \\1 |")


def test_a_section_that_is_new_comes_last(page: Path) -> None:
    write_section(page, "later", "## Later\n")
    section = "<!-- later: begin -->\n## Later\n<!-- later: end -->\n"
    assert page.read_text() == f"{PAGE}\n{section}"


def test_a_page_begins_with_either(tmp_path: Path) -> None:
    first, second = tmp_path / "first.md", tmp_path / "second.md"
    write_page(first, "# Ground\n\n- a row\n")
    write_section(first, "functions", "## Functions\n\n| a |\n")
    write_section(first, "uses", "## Uses\n")
    assert first.read_text() == PAGE
    write_section(second, "uses", "## Uses\n")
    assert second.read_text() == "<!-- uses: begin -->\n## Uses\n<!-- uses: end -->\n"
    write_page(second, "# Ground\n")
    assert second.read_text() == "# Ground\n\n<!-- uses: begin -->\n## Uses\n<!-- uses: end -->\n"
