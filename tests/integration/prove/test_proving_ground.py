"""Rows of the proving ground, and the ground itself: it must see what is not equal.

The rows are of each kind one that is small: data, metadata that is asked for, entry points, C, Rust,
generated code. `make proving-ground` has them all.
"""

import os
import re
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

LARGER = ["h5py", "lxml", "networkx", "tzdata"]

Add: TypeAlias = Callable[..., Path]
Walk: TypeAlias = Callable[..., CompletedProcess[str]]

pytestmark = pytest.mark.skipif(
    interpreter.find_interpreter(
        Target(python=Python.PY312, architecture=Architecture.X86_64), os.environ
    )
    is None,
    reason="no Python 3.12 for x86_64 on this machine",
)


@pytest.fixture
def walk(tmp_path: Path) -> Walk:
    """Run the program with a cache and a page of its own."""

    def run(*words: str, **environ: str) -> CompletedProcess[str]:
        folders = ["--cache", str(tmp_path / "cache"), "--output", str(tmp_path / "page.md")]
        return subprocess.run(
            [sys.executable, "-m", "benchmarks.proving_ground", *words, "--jobs", "1", *folders],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environ},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def made_up(tmp_path: Path, index: str, walk: Walk) -> Callable[[], CompletedProcess[str]]:
    """Walk a ground that has only the distribution `demo`, from the index of made-up wheels."""

    def run() -> CompletedProcess[str]:
        data = tmp_path / "ground.toml"
        data.write_text('python = ["3.12"]\n[packages]\ndemo = "1.0"\n')
        cache = str(tmp_path / "uv-cache")
        return walk("--data", str(data), UV_DEFAULT_INDEX=f"{index}/simple", UV_CACHE_DIR=cache)

    return run


@pytest.mark.network
@pytest.mark.parametrize(
    "name",
    [
        "certifi",
        "email-validator",
        "flask",
        "jsonschema",
        "opentelemetry-sdk",
        "orjson",
        "protobuf",
        "pydantic",
        *(pytest.param(name, marks=pytest.mark.nightly) for name in LARGER),
    ],
)
def test_what_imported_before_imports_after_pruning_as_hard_as_can_be(
    walk: Walk, tmp_path: Path, name: str
) -> None:
    done = walk("--only", name, "--python", "3.12")
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "page.md").read_text()
    assert re.search(
        rf"^\| {name} [\d.]+ \| 3\.12 \| [\d,]+ \| [\d,]+ \| \d+% ", page, re.MULTILINE
    )
    assert "- 1 rows, 0 not equal.\n" in page


def test_a_row_tells_bytes_files_put_back_and_modules(
    made_up: Callable[[], CompletedProcess[str]], tmp_path: Path, add_wheel: Add
) -> None:
    add_wheel(
        "demo",
        "1.0",
        {
            "demo/__init__.py": "from demo.tests import helper\n",
            "demo/later.py": "def ask():\n    import demo.docs\n",
            "demo/tests/__init__.py": "",
            "demo/tests/helper.py": "",
            "demo/tests/test_it.py": "# " + 1000 * "x",
            "demo/docs/__init__.py": "1234567890",
        },
    )
    done = made_up()
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "page.md").read_text()
    assert "| demo 1.0 | 3.12 | 1,828 | 194 | 89% | 3 + 0 | 5 | 5 | " in page
    assert "- 10 B `demo/docs/__init__.py`, named in `demo/later.py:2`\n" in page


def test_the_proof_puts_back_what_an_import_reads_and_not_the_folder_around_it(
    made_up: Callable[[], CompletedProcess[str]], tmp_path: Path, add_wheel: Add
) -> None:
    """Python lists the folder, too, to find the module."""
    add_wheel(
        "demo",
        "1.0",
        {
            "demo/__init__.py": "__import__('.'.join(['demo', 'tests', 'helper']))\n",
            "demo/tests/__init__.py": "",
            "demo/tests/helper.py": "",
            "demo/tests/test_it.py": "",
        },
    )
    done = made_up()
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| 0 + 2 | 3 | 3 |" in (tmp_path / "page.md").read_text()


def test_a_module_that_imports_in_one_tree_only_is_not_equal(
    made_up: Callable[[], CompletedProcess[str]], tmp_path: Path, add_wheel: Add
) -> None:
    """The tool looks only at what fails after pruning, and cannot see this one."""
    source = (
        "import os\nif os.path.isdir(os.path.dirname(__file__) + '/tests'):\n    raise OSError\n"
    )
    add_wheel("demo", "1.0", {"demo/__init__.py": source, "demo/tests/test_it.py": ""})
    done = made_up()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "NOT EQUAL `demo`: OSError\n" in done.stdout
    page = (tmp_path / "page.md").read_text()
    assert "## Not equal\n\n- demo 1.0, python 3.12: `demo`: OSError\n" in page


def test_a_row_in_which_nothing_imports_is_not_equal(
    made_up: Callable[[], CompletedProcess[str]], tmp_path: Path, add_wheel: Add
) -> None:
    """Nought equals nought, and proves nothing."""
    add_wheel("demo", "1.0", {"demo.py": "import what_is_not_there\n"})
    done = made_up()
    assert done.returncode == 1, done.stdout + done.stderr
    page = (tmp_path / "page.md").read_text()
    assert "- demo 1.0, python 3.12: nothing imports, before or after\n" in page


def test_a_row_that_the_tool_refuses_is_not_equal_and_says_why(
    made_up: Callable[[], CompletedProcess[str]], tmp_path: Path
) -> None:
    done = made_up()
    assert done.returncode == 1, done.stdout + done.stderr
    page = (tmp_path / "page.md").read_text()
    assert "- demo 1.0, python 3.12: the requirements cannot be met for 3.12-x86_64\n" in page
    assert "| demo 1.0 | 3.12 | – |" in page


def test_a_finished_row_is_taken_up_again(
    made_up: Callable[[], CompletedProcess[str]], tmp_path: Path, add_wheel: Add
) -> None:
    wheel = add_wheel("demo", "1.0", {"demo.py": ""})
    assert made_up().returncode == 0
    page = (tmp_path / "page.md").read_bytes()
    wheel.unlink()
    again = made_up()
    assert again.returncode == 0, again.stdout + again.stderr
    assert (tmp_path / "page.md").read_bytes() == page
