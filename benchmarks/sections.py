"""Sections of a generated page: each generator writes its own and leaves those of the others alone.

A section lies between two comments, `<!-- functions: begin -->` and `<!-- functions: end -->`.
"""

import re
from pathlib import Path

_SECTION = re.compile(r"<!-- (?P<name>[\w-]+): begin -->\n.*?<!-- (?P=name): end -->\n", re.DOTALL)


def write_page(path: Path, text: str) -> None:
    """Write a page anew; the sections that it had come behind the text, as they were."""
    _write(path, text, _sections(_read(path)))


def write_section(path: Path, name: str, text: str) -> None:
    """Write one section of a page where it was, or behind all else; nothing besides changes."""
    section = f"<!-- {name}: begin -->\n{text.strip()}\n<!-- {name}: end -->\n"
    page = _read(path)
    old = _sections(page).get(name)
    if old is None:
        _write(path, page, {name: section})
    else:
        path.write_text(page.replace(old, section), encoding="utf-8")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _sections(page: str) -> dict[str, str]:
    return {found["name"]: found[0] for found in _SECTION.finditer(page)}


def _write(path: Path, text: str, sections: dict[str, str]) -> None:
    parts = [text.rstrip() + "\n" if text.strip() else "", *sections.values()]
    path.write_text("\n".join(part for part in parts if part), encoding="utf-8")
