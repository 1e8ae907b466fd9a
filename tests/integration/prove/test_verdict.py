"""What was asked for imports, or the run ends and says what it lacks; with wheels, and a real one."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]
Build: TypeAlias = Callable[..., CompletedProcess[str]]

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
MANIFEST = """version: 1
python: "{python}"
{top}layers:
  deps:
    packages: [{packages}]
    architecture: {architecture}
"""
REASONS = {
    "a shared library": (
        "import ctypes\nctypes.CDLL('libnowhere.so.7')\n",
        "import demo: OSError: libnowhere.so.7: cannot open shared object file",
        "it needs the shared library libnowhere.so.7, which neither Lambda nor the layer has",
    ),
    "a library that it looks for": (
        "raise ImportError('failed to find libmagic.  Check your installation')\n",
        "import demo: ImportError: failed to find libmagic",
        "it needs the shared library libmagic, which neither Lambda nor the layer has",
    ),
    "an extra": (
        "import speedups.fast\n",
        "import demo: ModuleNotFoundError: No module named 'speedups'",
        "it needs the module speedups, which nothing in the layer or below it brings; demo[fast] asks",
    ),
    "a variable": (
        "import os\nos.environ['DEMO_TOKEN']\n",
        "import demo: KeyError: 'DEMO_TOKEN'",
        "it needs the environment variable DEMO_TOKEN; a proof has none",
    ),
    "a variable by its name": (
        "raise ValueError('set the environment variable DEMO_HOME first')\n",
        "import demo: ValueError: set the environment variable DEMO_HOME first",
        "it needs the environment variable DEMO_HOME",
    ),
    "nothing that is known": ("1 / 0\n", "import demo: ZeroDivisionError: division by zero", ""),
    "a death": (
        "import os; os._exit(9)\n",
        "import demo: ended the interpreter with exit code 9",
        "",
    ),
}


@pytest.fixture
def build(run: Run, workspace: Path) -> Build:
    """Build, or do something else with, a layer of these packages."""

    def start(packages: str = "demo", top: str = "", command: str = "build", **more: Any) -> Any:  # noqa: ANN401 (passed on)
        machine = os.uname().machine.replace("aarch64", "arm64")
        text = MANIFEST.format(python=PYTHON, packages=packages, top=top, architecture=machine)
        (workspace / "layers.yml").write_text(text)
        return run(command, **more)

    return start


def report(workspace: Path) -> Any:  # noqa: ANN401 (JSON)
    return json.loads((workspace / "dist/layers/report.json").read_text())


@pytest.mark.parametrize(("source", "last", "reason"), REASONS.values(), ids=REASONS)
def test_what_was_asked_for_and_does_not_import_ends_the_run_and_says_why(
    build: Build, add_wheel: Add, source: str, last: str, reason: str
) -> None:
    requires = {"requires": ["speedups; extra == 'fast'"], "extras": ["fast"]}
    add_wheel("demo", "1.0", {"demo/__init__.py": source, "demo/more.py": ""}, **requires)
    add_wheel("good", "1.0", {"good.py": ""})
    done = build("good, demo", command="publish")
    assert done.returncode == 4, done.stderr
    place = "layers.yml:5:22: layer deps"
    assert f"{place}: demo was asked for, and demo does not import, pruned or not" in done.stderr
    assert last in done.stderr
    assert reason in done.stderr
    assert "proof: {allow-failing: [demo]}" in done.stderr
    assert "published" not in done.stderr
    assert "zipped" not in done.stderr


def test_a_module_that_answers_for_itself_and_raises_is_not_published(
    build: Build, add_wheel: Add
) -> None:
    """Its frames lead to the one who asks, with the descriptor and the secret, in a shared process."""
    source = (
        "import sys\nframe = sys._getframe()\n"
        "while frame and 'tell' not in frame.f_locals: frame = frame.f_back\n"
        "if frame:\n"
        "    frame.f_locals['tell'](imported=frame.f_locals.get('index', 0), loaded=[], opened=[])\n"
        "raise RuntimeError('always')\n"
    )
    add_wheel("demo", "1.0", {"demo.py": source})
    done = build(command="publish")
    assert done.returncode == 4, done.stderr
    assert "published" not in done.stderr.replace("nothing was published", "")


@pytest.mark.parametrize("where", ["top", "layer"])
def test_it_may_fail_where_the_manifest_says_so_by_name(
    build: Build, add_wheel: Add, workspace: Path, where: str
) -> None:
    add_wheel("Demo_Pkg", "1.0", {"demo_pkg.py": "1 / 0\n"})
    add_wheel("good", "1.0", {"good.py": ""})
    proof = "proof: {allow-failing: demo_PKG}"
    indented = f"good, demo-pkg]\n    {proof}\n    drop: [nothing"
    top = f"{proof}\n" if where == "top" else ""
    done = build("good, demo-pkg" if where == "top" else indented, top=top, command="publish")
    assert done.returncode == 0, done.stderr
    assert "deps: proved 1 import with Python" in done.stderr
    assert "deps: does not import, pruned or not: demo_pkg" in done.stderr
    assert report(workspace)["layers"][0]["proof"]["failed_before"] == ["demo_pkg"]
    for file in ("report.md", "report.html"):
        assert "demo" in (workspace / "dist/layers" / file).read_text()
        assert "1 fails unpruned too" in (workspace / "dist/layers" / file).read_text()


def test_nothing_imported_never_reads_as_a_proof(
    build: Build, add_wheel: Add, workspace: Path
) -> None:
    add_wheel("demo", "1.0", {"demo.py": "1 / 0\n"})
    done = build(top="proof: {depth: deep, allow-failing: [demo]}\n", command="publish")
    assert done.returncode == 0, done.stderr
    assert "proved 0" not in done.stderr
    assert "none of 1 modules imports, pruned or not: demo" in done.stderr
    for file in ("report.md", "report.html"):
        text = (workspace / "dist/layers" / file).read_text()
        assert "not proven: of 1 modules none imports".lower() in text.lower()
        assert "proven: 0" not in text


def test_a_layer_of_which_nothing_imports_is_an_error_whoever_asked(
    build: Build, add_wheel: Add
) -> None:
    """The one that was asked for has no modules of its own."""
    add_wheel("meta", "1.0", {}, requires=["demo"])
    add_wheel("demo", "1.0", {"demo.py": "import nowhere\n"})
    done = build("meta")
    assert done.returncode == 4, done.stderr
    assert "none of its modules imports, pruned or not: demo" in done.stderr
    assert build("meta", top="proof: {allow-failing: [demo]}\n").returncode == 0


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"demo-stubs/__init__.pyi": ""},
        {"demo_data/table.csv": "1"},
        {"demo/__init__.py": "", "demo/broken.py": "1 / 0\n"},
        {"demo.py": "", "demo_extra.py": "import nowhere\n"},
        {"vendor/demo/__init__.py": ""},
    ],
    ids=["nothing", "stubs", "data", "one below", "one beside", "a namespace"],
)
def test_what_has_no_module_or_one_that_imports_is_good(
    build: Build, add_wheel: Add, files: dict[str, str]
) -> None:
    add_wheel("demo", "1.0", files)
    add_wheel("good", "1.0", {"good.py": ""})
    done = build("good, demo")
    assert done.returncode == 0, done.stderr


def test_in_a_namespace_of_others_it_is_its_own_modules_that_count(
    build: Build, add_wheel: Add
) -> None:
    add_wheel("vendor", "1.0", {"vendor/__init__.py": "", "vendor/core.py": ""})
    add_wheel("vendor-demo", "1.0", {"vendor/demo/__init__.py": "1 / 0\n"})
    done = build("vendor, vendor-demo")
    assert done.returncode == 4, done.stderr
    assert "vendor-demo was asked for, and vendor.demo does not import" in done.stderr


@pytest.mark.parametrize("word", ["static", "off"])
def test_the_plain_words_stay(build: Build, add_wheel: Add, word: str) -> None:
    add_wheel("demo", "1.0", {"demo.py": "1 / 0\n"})
    assert build(top=f"proof: {word}\n").returncode == 0


@pytest.mark.parametrize("command", ["plan", "build"])
def test_a_name_that_the_layer_does_not_have_is_a_mistake(
    build: Build, add_wheel: Add, command: str
) -> None:
    add_wheel("demo", "1.0", {"demo.py": ""})
    done = build(top="proof: {allow-failing: [dmo]}\n", command=command)
    assert done.returncode == 2, done.stderr
    assert "layers.yml:3:25: allow-failing: no distribution 'dmo' in the layer" in done.stderr
    assert "did you mean 'demo'?" in done.stderr


def test_one_said_for_all_layers_is_in_one_of_them(
    run: Run, add_wheel: Add, workspace: Path
) -> None:
    add_wheel("demo", "1.0", {"demo.py": "1 / 0\n"})
    add_wheel("good", "1.0", {"good.py": ""})
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{PYTHON}"\nproof: {{allow-failing: [demo]}}\n'
        "layers:\n  one: {packages: [demo]}\n  two: {packages: [good]}\n"
    )
    for words in ([], ["--layers", "two"]):
        done = run("build", *words)
        assert done.returncode == 0, done.stderr


def test_a_build_that_was_allowed_to_fail_is_not_taken_where_it_is_not(
    build: Build, add_wheel: Add, tmp_path: Path
) -> None:
    add_wheel("demo", "1.0", {"demo.py": "1 / 0\n"})
    env = {"LAYER_BUILDER_NO_CACHE": None, "LAYER_BUILDER_CACHE_DIR": str(tmp_path / "cache")}
    assert build(top="proof: {allow-failing: [demo]}\n", env=env).returncode == 0
    assert build(env=env).returncode == 4


@pytest.mark.network
def test_pyodbc_says_that_it_needs_unixodbc(build: Build) -> None:
    """A real wheel that is linked with a library of the system's, and does not bring it."""
    of_index = ("UV_", "SSL_", "REQUESTS_", "HTTP", "http", "PIP_")
    env: dict[str, str | None] = {"UV_DEFAULT_INDEX": None, "HOME": os.environ["HOME"]}
    env |= {name: value for name, value in os.environ.items() if name.startswith(of_index)}
    done = build("pyodbc, idna", env=env)
    assert done.returncode == 4, done.stderr
    assert "pyodbc was asked for, and pyodbc does not import, pruned or not" in done.stderr
    assert (
        "it needs the shared library libodbc.so.2, which neither Lambda nor the layer"
        in done.stderr
    )
    assert build("pyodbc, idna", top="proof: {allow-failing: [pyodbc]}\n", env=env).returncode == 0
