"""What is shown of a run on a terminal, in a pipe and in a workflow."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from .screen import PATIENCE, Screen

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
MANIFEST = f"""\
version: 1
python: "{VERSION}"
name: "shop-{{layer}}"
layers:
  code: {{include: a.py}}
  deps: {{packages: [slow]}}
  same: {{packages: [slow]}}
"""
SLOW = "import time\ntime.sleep({})\n"
BODY = f"""\
aws: account 123456789012, user moto, in eu-west-1
owner: workspace:layers.yml (the manifest's folder: there is no git here)
same: resolved 1 distribution for {VERSION}-x86_64 (N s)
deps: resolved 1 distribution for {VERSION}-x86_64 (N s)
code: zipped 1 file, 6 B → 126 B (N s)
deps: installed and pruned (safe): 408 B → 408 B (N s)
deps: proved 1 import with Python {VERSION}.N (N s)
deps: zipped 4 files, 408 B → 910 B (N s)
same: same content as deps: built once
code: 1 module of the workspace imported
code: published arn:aws:lambda:eu-west-1:123456789012:layer:shop-code:1
deps: published arn:aws:lambda:eu-west-1:123456789012:layer:shop-deps:1
same: published arn:aws:lambda:eu-west-1:123456789012:layer:shop-same:1
"""
ARNS = """\
{
  "code": "arn:aws:lambda:eu-west-1:123456789012:layer:shop-code:1",
  "deps": "arn:aws:lambda:eu-west-1:123456789012:layer:shop-deps:1",
  "same": "arn:aws:lambda:eu-west-1:123456789012:layer:shop-same:1"
}
"""
END = """\
code: 126 B zipped, 6 B unzipped, 0% of 50.0 MiB zip, N s; published as shop-code:1 in eu-west-1
deps: 910 B zipped, 408 B unzipped, 0% of 50.0 MiB zip, 1 distribution, 1 import proven, N s; published as shop-deps:1 in eu-west-1
same: the same as deps; published as shop-same:1 in eu-west-1
Lambda layers: 3 published, 0 unchanged
report: dist/layers/report.html
"""
TABLE = f"""\
     408 B →      408 B  slow 1.0
proven: 1 import with Python {VERSION}.N, kept from files and network and processes
bytecode: none
took: install N s, prune N s, check N s, archive N s, prove N s, bytecode N s
"""
"""Times, and the patch version of Python, are N."""


@pytest.fixture
def shop(workspace: Path, add_wheel: Callable[..., Path]) -> Callable[[int], Path]:
    """Write a manifest with a package that takes some seconds to import; gives its folder."""

    def write(seconds: int) -> Path:
        add_wheel("slow", "1.0", {"slow/__init__.py": SLOW.format(seconds)})
        (workspace / "layers.yml").write_text(MANIFEST)
        (workspace / "a.py").write_text("A = 1\n")
        return workspace

    return write


def untimed(text: str) -> str:
    """Put N for what differs between runs and machines."""
    text = re.sub(r"\b\d+\.\d s\b", "N s", text)
    return re.sub(rf"Python {re.escape(VERSION)}\.\d+", f"Python {VERSION}.N", text)


def parts(text: str, middle: str) -> tuple[list[str], str, str]:
    """Split what a run said: the lines until its end, in any order, and what stands from there on."""
    before, found, after = untimed(text).partition(middle)
    # Bytes of a trial are no part of what is looked at here.
    lines = [line for line in before.splitlines() if ": advice: " not in line]
    return sorted(lines), found, after


def piped(
    words: list[str], cwd: Path, environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "layer_builder", *words], cwd=cwd, env=dict(environ),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False,
    )  # fmt: skip


def test_a_pipe_gets_plain_lines_and_the_end(
    shop: Callable[[int], Path], environ: Mapping[str, str]
) -> None:
    done = piped(["publish"], shop(0), environ)
    assert parts(done.stdout, ARNS) == (sorted(BODY.splitlines()), ARNS, END)


def test_tables_are_for_those_who_ask_and_once_for_the_same_content(
    shop: Callable[[int], Path], environ: Mapping[str, str]
) -> None:
    done = piped(["publish", "--verbose"], shop(0), environ)
    title = f"deps {VERSION}-x86_64: 1 distribution (N s)\n"
    table = title + "".join(f"  {line}\n" for line in TABLE.splitlines())
    found = parts(done.stdout, table)
    assert found == (sorted(BODY.splitlines()), table, ARNS + END)


def test_a_workflow_gets_them_folded_and_the_same_end(
    shop: Callable[[int], Path], environ: Mapping[str, str], tmp_path: Path
) -> None:
    workflow = {"GITHUB_ACTIONS": "true", "GITHUB_OUTPUT": str(tmp_path / "output")}
    (tmp_path / "output").touch()
    done = piped(["publish"], shop(0), {**environ, **workflow})
    fold = f"::group::deps {VERSION}-x86_64: 1 distribution (N s)\n{TABLE}::endgroup::\n"
    assert parts(done.stdout, fold) == (sorted(BODY.splitlines()), fold, END)


@pytest.mark.parametrize(("columns", "rows"), [(80, 24), (40, 12), (200, 50)])
def test_a_terminal_shows_each_layer_and_keeps_nothing_of_it(
    shop: Callable[[int], Path], environ: Mapping[str, str], columns: int, rows: int
) -> None:
    screen = Screen(["publish"], shop(3), environ, (columns, rows))
    screen.read_until(
        lambda text: re.search(r"^deps .*\bprove 4\d\d B [12] s$", text, re.MULTILINE) is not None
    )
    assert screen.end() == 0
    # Where a line was broken by the terminal, and whose turn it was, is not what is tried here.
    said = untimed(screen.text)
    assert "".join(said.split("\n{\n")[1].split()) == "".join((ARNS[2:] + END).split()), said
    assert b"\x1b[?25h" in screen.raw.rpartition(b"\x1b[?25l")[2]
    assert b"\x1b[1;32mLambda layers: \x1b[0m3 published" in screen.raw


@pytest.mark.parametrize(
    ("env", "coloured", "live"),
    [({}, True, True), ({"NO_COLOR": "1"}, False, True), ({"TERM": "dumb"}, False, False)],
    ids=str,
)
def test_colours_and_live_lines_are_for_terminals_that_have_them(
    shop: Callable[[int], Path], environ: Mapping[str, str], env: Mapping[str, str],
    *, coloured: bool, live: bool,
) -> None:  # fmt: skip
    screen = Screen(["build"], shop(2), {**environ, **env})
    assert screen.end() == 0
    sequences = set(re.findall(rb"\x1b\[[\d;]*m", screen.raw))
    assert (bool(sequences - {b"\x1b[0m"}), b"\x1b[2K" in screen.raw) == (coloured, live)
    assert untimed(screen.text).endswith("Lambda layers: 3 built\nreport: dist/layers/report.html")


def test_errors_stand_last_but_for_the_place_of_the_report(
    shop: Callable[[int], Path], environ: Mapping[str, str]
) -> None:
    folder = shop(1)
    manifest = folder / "layers.yml"
    manifest.write_text(MANIFEST.replace("a.py}", "a.py, limits: {zip: 100 B}}"))
    screen = Screen(["build"], folder, environ, (200, 50))
    assert screen.end() == 5
    layers, found, errors = untimed(screen.text).split("built once\n")[1].partition("error: ")
    assert (
        layers
        == """\
code: 126 B zipped, 6 B unzipped, 126% of 100 B zip, N s
deps: 910 B zipped, 408 B unzipped, 0% of 50.0 MiB zip, 1 distribution, 1 import proven, N s
same: the same as deps
"""
    )
    assert found
    assert errors.startswith("layers.yml:5:3: layer code: zip 126 B is over limits.zip")
    end = "\nLambda layers: failed (exit code 5)\nreport: dist/layers/report.html"
    assert errors.endswith(end)


@pytest.mark.parametrize("seconds", [1, 60])
def test_ctrl_c_says_what_was_done_and_ends(
    shop: Callable[[int], Path], environ: Mapping[str, str], tmp_path: Path, seconds: int
) -> None:
    (tmp_path / "tmp").mkdir()
    keeping = {**environ, "TMPDIR": str(tmp_path / "tmp")}
    del keeping["LAYER_BUILDER_NO_CACHE"]
    screen = Screen(["publish"], shop(seconds), keeping, (200, 50))
    screen.read_until(
        lambda text: (
            "code: zipped" in text and re.search(r"^deps .*prove", text, re.MULTILINE) is not None
        )
    )
    asked = time.monotonic()
    screen.type(b"\x03")
    assert screen.end() == 130
    assert time.monotonic() - asked < 45
    # What takes little longer is seen to its end.
    is_built = "built: 2 of 3: code, deps" in screen.text
    assert not (is_built and seconds > 3)
    deps = "910 B zipped, 408 B unzipped; not published" if is_built else "not built"
    built = "2 of 3: code, deps" if is_built else "1 of 3: code"
    end = f"""\
code: 126 B zipped, 6 B unzipped; not published
deps: {deps}
same: not built
error: stopped by the user
    built: {built}
    published: 0
  → run it again: what was built comes from the cache
Lambda layers: failed (exit code 130)
report: dist/layers/report.html"""
    assert screen.text.endswith(end), screen.text
    assert list((tmp_path / "tmp").glob("layer-builder-*")) == []
    if seconds < 3:
        again = piped(["publish"], screen.cwd, keeping)
        assert "code: took shop-code.zip from the cache" in again.stdout
        assert again.returncode == 0


LOADED = """\
import os, sys
from layer_builder.main import main
from layer_builder.terminal import terminal_console
terminal_console.SECONDS_UNTIL_SHOWN = float(sys.argv[1])
code = main(["publish"], os.environ)
print(f"code {code}, rich {'rich' in sys.modules}")
"""


def test_a_run_with_nothing_to_show_never_loads_what_draws(
    shop: Callable[[int], Path], environ: Mapping[str, str]
) -> None:
    folder = shop(2)

    def run(environ: Mapping[str, str], seconds: float) -> str:
        screen = Screen([str(seconds)], folder, environ, program=("-c", LOADED))
        screen.end()
        return screen.text

    assert "code 0, rich True" in run(environ, 0.5)
    # On a busy machine a run with nothing to do may take as long as one that is shown.
    unchanged = run(environ, PATIENCE)
    assert "3 unchanged" in unchanged
    assert "code 0, rich False" in unchanged
    (folder / "a.py").write_text("A = 2\n")
    assert "code 0, rich False" in run({**environ, "GITHUB_ACTIONS": "true"}, 0)
