"""Packages that pruning once broke as they were used, on the real wheels; and the table itself.

`make uses` has more of them. Each of these failed under `safe` or `aggressive` by a rule of its own.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from layer_builder.model.target import Architecture, Python, Target
from layer_builder.prove import interpreter

REPOSITORY = Path(__file__).resolve().parents[3]

LARGER = ["ansible_core", "dbt_core", "deno", "django", "gensim", "obspy", "pip_api", "plotly"]

Add: TypeAlias = Callable[..., Path]
Walk: TypeAlias = Callable[..., CompletedProcess[str]]

pytestmark = pytest.mark.skipif(
    interpreter.find_interpreter(
        Target(python=Python.PY312, architecture=Architecture.X86_64), os.environ
    )
    is None,
    reason="no Python 3.12 for x86_64 on this machine",
)

HEADER = '# /// script\n# dependencies = ["demo==1.0"]\n# ///\n"""Reads."""\n'


@pytest.fixture
def walk(tmp_path: Path) -> Walk:
    """Run the program with a cache and a page of its own."""

    def run(*words: str, **environ: str) -> CompletedProcess[str]:
        folders = ["--cache", str(tmp_path / "cache"), "--output", str(tmp_path / "page.md")]
        return subprocess.run(
            [sys.executable, "-m", "benchmarks.uses", *words, "--jobs", "1", *folders],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def made_up(tmp_path: Path, index: str, walk: Walk) -> Callable[[str], CompletedProcess[str]]:
    """Use the distribution `demo`, from the index of made-up wheels."""

    def run(source: str) -> CompletedProcess[str]:
        programs = tmp_path / "programs"
        programs.mkdir(exist_ok=True)
        (programs / "reading.py").write_text(HEADER + source)
        cache = str(tmp_path / "uv-cache")
        where = ["--programs", str(programs)]
        return walk(*where, UV_DEFAULT_INDEX=f"{index}/simple", UV_CACHE_DIR=cache)

    return run


@pytest.mark.network
@pytest.mark.parametrize(
    "name",
    [
        "click_distributions",
        "icalendar",
        "jedi",
        "symspellpy",
        *(pytest.param(name, marks=pytest.mark.nightly) for name in LARGER),
    ],
)
def test_what_once_broke_as_it_was_used_answers_as_it_does_unpruned(
    walk: Walk, tmp_path: Path, name: str
) -> None:
    done = walk("--only", name)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 uses of 1 packages; 0 answer differently" in (tmp_path / "page.md").read_text()


READ = "import demo; print(demo.words())\n"


def demo(file: str) -> dict[str, str | bytes]:
    """Give a distribution that reads a file when it is asked to, by a name that it puts together."""
    source = (
        "import pathlib\ndef words():\n"
        "    return pathlib.Path(__file__).with_name('READ' + 'ME.txt').read_text()\n"
    )
    return {"demo/__init__.py": source, f"demo/{file}": "one two"}


def test_an_answer_that_differs_is_seen_and_in_the_table(
    made_up: Callable[[str], CompletedProcess[str]], tmp_path: Path, add_wheel: Add
) -> None:
    add_wheel("demo", "1.0", demo("README.txt"))
    (tmp_path / "page.md").write_text("# Page\n")
    done = made_up(READ)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BREAKS under aggressive: FileNotFoundError" in done.stdout
    page = (tmp_path / "page.md").read_text()
    assert page.startswith("# Page\n\n<!-- uses: begin -->\n")
    assert "| demo | 1.0 | Reads | equal | **differs** | " in page


def test_a_use_that_does_not_work_unpruned_proves_nothing(
    made_up: Callable[[str], CompletedProcess[str]], tmp_path: Path, add_wheel: Add
) -> None:
    add_wheel("demo", "1.0", demo("other.txt"))
    done = made_up(READ)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "DOES NOT RUN FileNotFoundError" in done.stdout
    assert "| demo |" not in (tmp_path / "page.md").read_text()


def test_a_finished_use_is_taken_up_again(
    made_up: Callable[[str], CompletedProcess[str]], tmp_path: Path, add_wheel: Add
) -> None:
    wheel = add_wheel("demo", "1.0", {"demo.py": "def words(): return 'one'"})
    assert made_up(READ).returncode == 0
    page = (tmp_path / "page.md").read_bytes()
    wheel.unlink()
    assert made_up(READ).returncode == 0
    assert (tmp_path / "page.md").read_bytes() == page
    assert made_up(READ + "\n").returncode == 1


def test_a_use_reaches_no_network(
    made_up: Callable[[str], CompletedProcess[str]], add_wheel: Add
) -> None:
    add_wheel("demo", "1.0", {"demo.py": ""})
    done = made_up("import socket\nsocket.create_connection(('127.0.0.1', 9))\n")
    assert "DOES NOT RUN" in done.stdout
    assert "ConnectionRefusedError" not in done.stdout
