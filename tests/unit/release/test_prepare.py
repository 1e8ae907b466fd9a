"""`make prepare` writes a version wherever it is named."""

import re
from pathlib import Path

import pytest

from release import commands, pins
from release.errors import RefusedError

FILES = {
    "layer_builder/__init__.py": '"""A program."""\n\n__version__ = "0.1.0"\n',
    "README.md": "uses: layer-builder/layer-builder@v0.1.0\npip install git+https://github.com/layer-builder/layer-builder@v0.1.0\n",
    "docs/guides/a.md": "uses: layer-builder/layer-builder/.github/workflows/publish-layers.yml@v0.1.0 # why\n",
    "docs/b.md": "0.1.0 and v0.1.0 of something else\n",
    ".github/workflows/a.yml": "uses: layer-builder/layer-builder@v0.1.0\nuses: actions/x@1 # v0.1.0\n",
    "examples/a/b.yml": "ref: v0.1.0\n# @<40 hex digits> # v0.1.0\n",
    "CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n- A.\n",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_it_writes_version_pins_and_date_and_nothing_twice(root: Path) -> None:
    changed = commands.prepare(root, "0.2.0", "2026-11-30")
    assert {path.relative_to(root).as_posix() for path in changed} == FILES.keys() - {"docs/b.md"}
    for name, text in FILES.items():
        found = (root / name).read_text()
        if name == "CHANGELOG.md":
            assert found == "# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-11-30\n\n- A.\n"
        elif name == ".github/workflows/a.yml":
            assert found == text.replace("builder@v0.1.0", "builder@v0.2.0")
        else:
            assert found == (text if name == "docs/b.md" else text.replace("0.1.0", "0.2.0"))
    assert commands.prepare(root, "0.2.0", "2026-11-30") == []


def test_without_a_date_the_changelog_waits(root: Path) -> None:
    commands.prepare(root, "0.2.0", "")
    assert (root / "CHANGELOG.md").read_text() == FILES["CHANGELOG.md"]


@pytest.mark.parametrize(
    ("version", "words"), [("0.0.9", "below 0.1.0"), ("next", "is no version")]
)
def test_what_it_refuses_changes_nothing(root: Path, version: str, words: str) -> None:
    with pytest.raises(RefusedError, match=words):
        commands.prepare(root, version, "2026-11-30")
    assert {name: (root / name).read_text() for name in FILES} == FILES


def test_a_refused_date_leaves_the_pins_alone_too(root: Path) -> None:
    (root / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n")
    with pytest.raises(RefusedError, match="nothing is unreleased"):
        commands.prepare(root, "0.2.0", "2026-11-30")
    assert "v0.1.0" in (root / "README.md").read_text()


def test_no_pin_of_ours_is_written_in_a_way_that_it_misses() -> None:
    root = Path(__file__).resolve().parents[3]
    for path in [*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("examples/**/*.*"), *root.glob(".github/**/*.yml")]:  # fmt: skip
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        named = re.findall(r"layer-builder/layer-builder\S*@v?\d\S*", text)
        assert len(named) <= len(pins.PIN.findall(text)), path
        assert not named or path in set(pins.pinning_files(root)), path
