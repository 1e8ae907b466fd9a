"""Functions with real packages, and their ground: it must see an answer that is another.

`make proving-ground` has all of them.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from layer_builder.model import Architecture, Python, Target
from layer_builder.prove import find_interpreter

REPOSITORY = Path(__file__).resolve().parents[3]
MADE_UP = """from pathlib import Path

import demo


def handler(event, context):
    notes = Path(demo.__file__).with_name("te" + "sts")
    return {"has": notes.is_dir(), "name": event["name"], "long": "x" * event.get("long", 0)}
"""

Walk: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

pytestmark = pytest.mark.skipif(
    find_interpreter(Target(python=Python.PY312, architecture=Architecture.X86_64), os.environ)
    is None,
    reason="no Python 3.12 for x86_64 on this machine",
)


@pytest.fixture
def walk(tmp_path: Path) -> Walk:
    """Run the functions with a cache and a page of their own."""

    def run(*words: str, **environ: str) -> CompletedProcess[str]:
        folders = ["--cache", str(tmp_path / "cache"), "--output", str(tmp_path / "page.md")]
        return subprocess.run(
            [sys.executable, "-m", "benchmarks.functions", *words, *folders],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def made_up(tmp_path: Path, index: str, walk: Walk) -> Walk:
    """Walk a ground that has one function, with a distribution from the index of made-up wheels."""

    def run(app: str, *events: dict[str, object]) -> CompletedProcess[str]:
        folder = tmp_path / "cases" / "shop"
        (folder / "events").mkdir(parents=True, exist_ok=True)
        (folder / "requirements.txt").write_text("demo==1.0\n")
        (folder / "app.py").write_text(app)
        for number, event in enumerate(events):
            (folder / "events" / f"{number}.json").write_text(json.dumps(event))
        return walk(
            *("--cases", str(tmp_path / "cases"), "--only", "shop"),
            UV_DEFAULT_INDEX=f"{index}/simple",
            UV_CACHE_DIR=str(tmp_path / "uv-cache"),
        )

    return run


@pytest.mark.network
@pytest.mark.parametrize(
    "name",
    [
        "render",
        "mail",
        *(
            pytest.param(name, marks=pytest.mark.nightly)
            for name in ("greeting", "shop-api", "thumbnail")
        ),
    ],
)
def test_a_real_function_answers_the_same_on_the_smallest_layers(
    walk: Walk, tmp_path: Path, name: str
) -> None:
    done = walk("--only", name)
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "page.md").read_text()
    assert re.search(rf"^\| {name} \| .+ \| \d \| [\d.]+ \| [\d.]+ ", page, re.MULTILINE)
    assert " 0 functions not equal.\n" in page
    assert page.startswith("<!-- functions: begin -->\n## Functions\n")


def test_a_function_that_answers_otherwise_is_not_equal(
    made_up: Walk, tmp_path: Path, add_wheel: Add
) -> None:
    add_wheel("demo", "1.0", {"demo/__init__.py": "", "demo/tests/test_it.py": ""})
    done = made_up(MADE_UP, {"name": "Ann"}, {"name": "Bo"})
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 functions, 2 events, 1 functions not equal.\n" in done.stdout
    answers = (
        '{"has": true, "name": "Bo", "long": ""} before,'
        ' {"has": false, "name": "Bo", "long": ""} after\n'
    )
    assert f"  NOT EQUAL 1.json: {answers}" in done.stdout
    assert f"Not equal:\n\n- shop: 0.json: {answers.replace('Bo', 'Ann')}" in (
        (tmp_path / "page.md").read_text()
    )


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ({}, "prune: off: code/app.py:8: function shop: event events/0.json: KeyError: 'name'"),
        ({"name": "Ann", "long": 3000}, "events/0.json: answered, "),
    ],
    ids=["raises", "is too long to be told whole"],
)
def test_a_function_without_an_answer_proves_nothing(
    made_up: Walk, add_wheel: Add, event: dict[str, object], why: str
) -> None:
    add_wheel("demo", "1.0", {"demo/__init__.py": "", "demo/tests/test_it.py": ""})
    done = made_up(MADE_UP, event)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"ERROR {why}" in done.stdout


def test_a_finished_function_is_taken_up_again_until_it_changes(
    made_up: Walk, add_wheel: Add
) -> None:
    wheel = add_wheel("demo", "1.0", {"demo/__init__.py": ""})
    assert made_up(MADE_UP, {"name": "Ann"}).returncode == 0
    wheel.unlink()
    assert made_up(MADE_UP, {"name": "Ann"}).returncode == 0
    changed = made_up(MADE_UP, {"name": "Ann"}, {"name": "Bo"})
    assert changed.returncode == 1
    assert "ERROR prune: off: " in changed.stdout


def test_names_of_the_other_ground_are_passed_over(walk: Walk) -> None:
    assert walk("--only", "certifi").returncode == 0
    unknown = walk("--only", "certify")
    assert unknown.returncode == 2
    assert "there is no such function" in unknown.stderr
