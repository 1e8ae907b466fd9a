"""What wheels and files can be like that nobody expects: each has a message, or does no harm."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
HEAD = f'version: 1\npython: "{PYTHON}"\n'
BUG = "a bug of layer-builder"
STARS = "*a" * 30 + "b"


@pytest.fixture
def build(run: Run, workspace: Path) -> Callable[..., CompletedProcess[str]]:
    """Build a layer of these packages; an answer is no bug of ours, and all reports are there."""

    def start(entry: str = "packages: [odd]", **env: str) -> CompletedProcess[str]:
        (workspace / "layers.yml").write_text(f"{HEAD}layers:\n  a: {{{entry}}}\n")
        done = run("build", env=env)
        told = done.stdout + done.stderr
        assert BUG not in told, told
        assert "Traceback (most recent call last)" not in told or "ImportError" in told
        report = (workspace / "dist/layers/report.json").read_text(encoding="utf-8")
        assert isinstance(json.loads(report), dict)
        return done

    return start


@pytest.mark.parametrize("env", [{}, {"GITHUB_ACTIONS": "true"}], ids=["shell", "workflow"])
def test_half_a_character_in_an_error_is_shown(
    build: Callable[..., CompletedProcess[str]], add_wheel: Add, env: dict[str, str]
) -> None:
    add_wheel("odd", "1.0", {"odd.py": "raise ImportError('x \\ud800 y')\n"})
    add_wheel("good", "1.0", {"good.py": ""})
    done = build("packages: [odd, good], imports: [odd.sub]", **env)
    assert done.returncode in {0, 4}, done.stdout + done.stderr


def test_a_folder_among_the_scripts_is_no_script(
    build: Callable[..., CompletedProcess[str]], add_wheel: Add
) -> None:
    add_wheel("odd", "1.0", {"odd.py": "", "bin/sub/tool": "#!/usr/bin/python\n", "bin/x": "y"})
    assert build().returncode == 0


def test_a_second_metadata_folder_without_metadata_is_told(
    build: Callable[..., CompletedProcess[str]], add_wheel: Add
) -> None:
    add_wheel(
        "odd", "1.0", {"odd.py": "", "odd-1.0.data/purelib/more-2.dist-info/RECORD": "odd.py,,\n"}
    )
    done = build()
    assert done.returncode == 3, done.stderr
    assert "layer a: a wheel brought 'more-2.dist-info', and it has no METADATA\n" in done.stderr


@pytest.mark.parametrize(
    "marker",
    [
        "platform_version != 'a\"b'",
        "platform_version != 'a\"b' and platform_release != \"c'd\"",
        "platform_version != '${HOME}'",
    ],
)
def test_a_marker_may_have_both_quotes(
    build: Callable[..., CompletedProcess[str]], add_wheel: Add, workspace: Path, marker: str
) -> None:
    add_wheel("odd", "1.0", {"odd.py": ""}, requires=[f"even; {marker}"])
    add_wheel("even", "1.0", {"even.py": ""})
    assert build().returncode == 0
    (workspace / "r.txt").write_text(f"odd\neven; {marker}\n")
    done = build("requirements: r.txt")
    assert done.returncode == (2 if "$" in marker else 0), done.stderr


@pytest.mark.parametrize("key", ["exclude", "keep", "drop"])
def test_no_pattern_hangs(
    build: Callable[..., CompletedProcess[str]], add_wheel: Add, workspace: Path, key: str
) -> None:
    name = "a" * 200
    add_wheel("odd", "1.0", {f"odd/{name}.py": ""})
    (workspace / "src").mkdir()
    (workspace / "src" / name).write_text("")
    began = time.monotonic()
    done = build(f'packages: [odd], include: src/, {key}: "{STARS}"')
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began < 60


def test_a_pattern_that_is_too_long_is_told(build: Callable[..., CompletedProcess[str]]) -> None:
    done = build(f'packages: [odd], drop: "{"a" * 5000}"')
    assert done.returncode == 2
    assert "drop" in done.stderr


@pytest.mark.parametrize(
    ("entry_points", "code"),
    [("[console_scripts]\nno equals sign\n", 0), ("\\xff", 0), ("[a]\nb = c d e :\n", 0)],
)
def test_odd_entry_points_are_passed_over(
    build: Callable[..., CompletedProcess[str]], add_wheel: Add, entry_points: str, code: int
) -> None:
    content = entry_points.encode().decode("unicode_escape").encode("latin-1")
    add_wheel("odd", "1.0", {"odd.py": "", "odd-1.0.dist-info/entry_points.txt": content})
    done = build()
    assert done.returncode in {code, 3}, done.stderr
