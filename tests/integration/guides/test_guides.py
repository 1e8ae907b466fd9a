"""Each page of docs/guides, word for word: its files, its commands, what they say.

The commands are run by a shell that has this program, AWS by moto, an index of made-up wheels in
place of a private one, and the index of this machine for all else.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
import yaml

from layer_builder import inputs
from layer_builder.model import Architecture, Python, Target
from layer_builder.prove import find_interpreter

from . import page
from .page import Excerpt, File

REPOSITORY = Path(__file__).resolve().parents[3]
GUIDES = REPOSITORY / "docs" / "guides"
PAGES = sorted(path for path in GUIDES.glob("*.md") if path.name != "README.md")
PRIVATE = "https://packages.example.com"
"""What the pages call an index of one's own; the test has one on 127.0.0.1 in its place."""
REUSABLE = yaml.safe_load(
    (REPOSITORY / ".github/workflows/publish-layers.yml").read_text(encoding="utf-8")
)
ZIZMOR = Path(__file__).with_name("zizmor.yml")
LAMBDA_PYTHONS = (Python.PY312, Python.PY313)
_OURS = re.compile(r"(PYTHON|VIRTUAL_ENV|GITHUB_|INPUT_|AWS_|LAYER_BUILDER_|GIT_).*")
"""What a reader's shell does not have."""

each_page = pytest.mark.parametrize("path", PAGES, ids=[path.stem for path in PAGES])


def steps(path: Path) -> list[page.Step]:
    return page.read(path.read_text(encoding="utf-8"))


@pytest.fixture
def shell(tmp_path: Path, workspace: Path, aws: str) -> dict[str, str]:
    """Give the environment of a reader who has `layer-builder` on PATH, and a fresh repository."""
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "layer-builder"
    words = f"exec {shlex.quote(sys.executable)} -m layer_builder"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(REPOSITORY))} {words} "$@"\n')
    program.chmod(0o755)
    subprocess.run(["git", "init", "--quiet", workspace], check=True)
    kept: Mapping[str, str] = {n: text for n, text in os.environ.items() if not _OURS.match(n)}
    uv_cache = kept.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))
    return {
        **kept,
        "PATH": os.pathsep.join([str(program.parent), kept["PATH"]]),
        "HOME": str(tmp_path / "home"),
        "LANG": "C.UTF-8",
        "UV_CACHE_DIR": uv_cache,
        "UV_PYTHON_DOWNLOADS": "never",
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_EC2_METADATA_DISABLED": "true",
        **{f"GIT_{who}_{what}": "reader@example.com"
           for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
    }  # fmt: skip


@pytest.fixture
def private(index: str, add_wheel: Callable[..., Path]) -> str:
    """Have the index of one's own; gives its address."""
    add_wheel("itsdangerous", "0.9", {"itsdangerous/__init__.py": ""})
    add_wheel("shop-prices", "1.2", {"shop_prices/__init__.py": "CURRENCY = 'EUR'\n"})
    return index


@pytest.mark.network
@pytest.mark.skipif(
    any(
        find_interpreter(Target(python=python, architecture=Architecture.X86_64), os.environ)
        is None
        for python in LAMBDA_PYTHONS
    ),
    reason="no Python 3.12 or 3.13 for x86_64 on this machine",
)
@each_page
def test_what_a_page_says_is_what_comes(
    path: Path, tmp_path: Path, workspace: Path, shell: Mapping[str, str], private: str
) -> None:
    notes = tmp_path / "notes"
    notes.mkdir()
    text = path.read_text(encoding="utf-8").replace(PRIVATE, private)
    if flaws := page.flaws(page.play(page.read(text), workspace, notes, shell)):
        pytest.fail("\n\n".join(flaws), pytrace=False)


@each_page
def test_a_page_is_a_short_letter(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    assert len(text.splitlines()) <= 100
    assert any(isinstance(step, File | Excerpt) for step in steps(path))


@each_page
def test_what_a_page_quotes_is_in_the_file(path: Path) -> None:
    for step in steps(path):
        if isinstance(step, Excerpt):
            whole = (REPOSITORY / step.path).read_text(encoding="utf-8")
            assert f"\n{step.text}" in f"\n{whole}", step.path


@pytest.mark.parametrize("path", [*PAGES, GUIDES / "README.md"], ids=lambda path: path.stem)
def test_what_a_page_links_to_is_there(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = [link.split("#") for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text)]
    for target, *anchor in links:
        found = path.parent / target if target else path
        assert found.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", found.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor[0] in {_anchor(heading) for heading in headings}, target


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_the_index_has_every_page_once() -> None:
    index = (GUIDES / "README.md").read_text(encoding="utf-8")
    linked = re.findall(r"\]\(([\w-]+\.md)\)", index)
    assert sorted(linked) == [path.name for path in PAGES]


def workflows() -> list[tuple[Path, File]]:
    found = [(path, step) for path in PAGES for step in steps(path) if isinstance(step, File)]
    return [(path, step) for path, step in found if step.path.startswith(".github/workflows/")]


@pytest.fixture
def written(tmp_path: Path) -> list[str]:
    """Write the workflows of all pages; gives where."""
    found = []
    for number, (path, step) in enumerate(workflows()):
        target = tmp_path / path.stem / step.path
        target.parent.mkdir(parents=True, exist_ok=True)
        target = target.with_stem(f"{target.stem}-{number}")
        target.write_text(step.text, encoding="utf-8")
        found.append(str(target))
    return found


@pytest.mark.parametrize(
    "checker",
    [
        ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
        ["zizmor", "--offline", "--no-progress", "--strict-collection", "--config", str(ZIZMOR)],
    ],
    ids=lambda words: words[0],
)
def test_workflows_are_valid(checker: list[str], written: list[str]) -> None:
    words = [str(Path(sys.executable).with_name(checker[0])), *checker[1:], *written]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_workflows_use_what_the_action_has() -> None:
    for _, step in workflows():
        jobs = yaml.safe_load(step.text)["jobs"].values()
        uses = [
            s for job in jobs for s in job.get("steps", []) if "layer-builder@" in s.get("uses", "")
        ]
        calls = [job for job in jobs if "/publish-layers.yml@" in job.get("uses", "")]
        assert uses or calls, step.path
        for used in uses:
            assert used.get("with", {}).keys() <= inputs.INPUT_DEFAULTS.keys()
        for call in calls:
            # "on" is a truth value in YAML 1.1.
            assert call["with"].keys() <= REUSABLE[True]["workflow_call"]["inputs"].keys()
