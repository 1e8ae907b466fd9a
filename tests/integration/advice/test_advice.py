"""Advice gives what it promises: on made-up layers, on the example and on ten public layouts."""

import json
import os
import random
import shutil
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from ..layouts import LAYOUTS
from .applying import Run, follow_each, layers, online

Add: TypeAlias = Callable[..., Path]

EXAMPLE = Path(__file__).resolve().parents[3] / "examples/cr2a"
KIB = 1024
HEAD = f"""\
version: 1
python: "{sys.version_info[0]}.{sys.version_info[1]}"
architecture: {os.uname().machine.replace("aarch64", "arm64")}
"""


def noise(name: str, size: int) -> bytes:
    return random.Random(name).randbytes(size)


def library(symbols: bytes) -> bytes:
    """Make a shared library of one segment, with sections behind it that no loader reads."""
    body = b"\x90" * 256
    end = 64 + 56 + len(body)
    # https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
    machine = 62 if os.uname().machine == "x86_64" else 183
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 3, machine, 1, 0, 64, end + len(symbols), 0, 64, 56, 1, 64, 2, 0
    )
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, end, end, 4096)
    section = struct.pack("<IIQQQQIIQQ", 0, 1, 0, 0, end, len(symbols), 0, 0, 1, 0)
    return header + load + body + symbols + bytes(64) + section


@pytest.fixture(autouse=True)
def wheels(add_wheel: Add) -> None:
    """Fill the index."""
    words = "".join(f"def number_{n}():\n    return {n * n}\n\n\n" for n in range(9000))
    add_wheel(
        "native",
        "1.0",
        {
            "native/__init__.py": "from native import numbers\n",
            "native/numbers.py": words,
            "native/_native.so": library(noise("symbols", 200 * KIB)),
            "native/docs/guide.html": noise("docs", 30 * KIB).hex(),
            "native/README.md": noise("readme", 10 * KIB).hex(),
        },
    )
    add_wheel("pytest", "8.0", {"pytest.py": f"'{noise('p', 40 * KIB).hex()}'\n"}, requires=["ini"])
    add_wheel("ini", "1.0", {"ini.py": f"'{noise('i', 20 * KIB).hex()}'\n"})
    add_wheel("shared", "1.0", {"shared.py": f"'{noise('s', 60 * KIB).hex()}'\n"})
    add_wheel("app", "1.0", {"app.py": "import shared\n"}, requires=["shared"])


def test_a_hopeless_layer_hears_before_its_proof_what_takes_how_much_off(
    run: Run, workspace: Path
) -> None:
    (workspace / "layers.yml").write_text(
        f"{HEAD}layers:\n  ml: {{packages: [native], limits: {{unzipped: 600 KiB}}}}\n"
    )
    done = run("build", "--verbose")
    assert done.returncode == 5, done.stderr
    assert "nothing of it was proven or zipped" in done.stderr
    assert "ml: proved" not in done.stderr
    assert "ml: zipped" not in done.stderr
    advice = [line for line in done.stderr.splitlines() if line.startswith("  → ")]
    assert advice[0].startswith("  → strip: true (0.2 MiB less unzipped): takes symbols")
    assert advice[1].startswith("  → prune: aggressive (80.6 KiB less unzipped)")
    assert not [line for line in advice if "split" in line]

    text = (workspace / "layers.yml").read_text()
    (workspace / "layers.yml").write_text(text.replace("native]", "native], strip: true"))
    done = run("build", "--verbose")
    assert done.returncode == 0, done.stderr


def test_what_cannot_be_made_to_fit_is_told_so(run: Run, workspace: Path) -> None:
    (workspace / "layers.yml").write_text(
        f"{HEAD}layers:\n  ml: {{packages: [native], limits: {{unzipped: 20 KiB}}}}\n"
    )
    done = run("build", "--verbose")
    assert done.returncode == 5
    assert "at most: it stays over the limit" in done.stderr


def test_each_piece_of_advice_gives_what_it_promised(run: Run, workspace: Path) -> None:
    (workspace / "layers.yml").write_text(
        f"{HEAD}layers:\n"
        "  native: {packages: [native, pytest], bytecode: all, compression: fast}\n"
        '  unpruned: {packages: ["native==1.0"], prune: "off", limits: {zip: 1 MiB}}\n'
        "  base: {packages: [shared]}\n"
        "  top: {packages: [app]}\n"
        "functions:\n  f: {layers: [base, top]}\n"
    )
    followed = follow_each(run, workspace)
    assert {(key, line) for key, line in followed if key in {"native", "top"}} == {
        ("native", "bytecode: none"),
        ("native", "compression: best"),
        ("native", 'packages: ["native"]'),
        ("native", "prune: aggressive"),
        ("native", "strip: true"),
        ("top", "prune: aggressive"),
        ("top", "requires: [base]"),
    }
    assert ("unpruned", "prune: aggressive") in followed
    run("build", "--verbose")
    found = layers(workspace)
    (lock,) = [one for one in found["native"]["advice"] if one["line"] == "layer-builder lock"]
    assert lock["gain_bytes"] is None
    assert lock["text"].startswith("native, pytest: no version is said")
    assert "layer-builder lock" not in {one["line"] for one in found["unpruned"]["advice"]}
    gains = [one["gain_bytes"] for one in found["native"]["advice"] if one["gain_bytes"]]
    assert gains == sorted(gains, reverse=True)
    summary = (workspace / "dist/layers/report.md").read_text()
    assert "| native | `strip: true` |" in summary


def test_settings_are_tried_on_layers_near_their_limits_alone(run: Run, workspace: Path) -> None:
    text = f"{HEAD}layers:\n  ml: {{packages: [native], limits: {{unzipped: LIMIT}}}}\n"

    def lines(limit: str, *words: str) -> set[str]:
        (workspace / "layers.yml").write_text(text.replace("LIMIT", limit))
        done = run("build", *words)
        assert done.returncode == 0, done.stderr
        return {one["line"] for one in layers(workspace)["ml"]["advice"]}

    untried = lines("200 MiB")
    assert "layer-builder lock" in untried
    assert "strip: true" not in untried
    tried = lines("200 MiB", "--verbose")
    # Whether bytecode is advised is a matter of seconds.
    assert tried >= untried - {"bytecode: auto"} | {"strip: true", "prune: aggressive"}
    used = layers(workspace)["ml"]["unzipped_bytes"]
    assert lines(f"{used * 5 // 4 // KIB - 1} KiB") == tried


def test_advice_of_a_build_from_the_cache_is_the_same(
    run: Run, workspace: Path, tmp_path: Path
) -> None:
    (workspace / "layers.yml").write_text(f"{HEAD}layers:\n  ml: {{packages: [native]}}\n")
    env = {"LAYER_BUILDER_NO_CACHE": None, "XDG_CACHE_HOME": str(tmp_path / "cache")}
    first = run("build", "--verbose", env=env)
    assert "ml: advice: " in first.stderr
    before = layers(workspace)["ml"]["advice"]
    again = run("build", "--verbose", env=env)
    assert "took ml.zip from the cache" in again.stderr
    assert layers(workspace)["ml"]["advice"] == before


def test_a_split_is_advised_where_it_fits_and_only_there(
    run: Run, workspace: Path, add_wheel: Add
) -> None:
    for name in ("left", "right"):
        add_wheel(name, "1.0", {f"{name}/__init__.py": "", f"{name}/d.bin": noise(name, 300 * KIB)})
    text = f"{HEAD}layers:\n  core: {{packages: [left, right], limits: {{zip: LIMIT}}}}\n"
    (workspace / "layers.yml").write_text(text.replace("LIMIT", "400 KiB"))
    done = run("build", "--verbose")
    assert done.returncode == 5
    assert "→ layer-builder split core --write (0.3 MiB less zip): makes 2 layers" in done.stderr
    (workspace / "layers.yml").write_text(text.replace("LIMIT", "200 KiB"))
    assert "split core" not in run("build", "--verbose").stderr


@pytest.mark.network
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name == "terraform" else (pytest.mark.nightly,))
        for name in LAYOUTS
    ],
)
def test_advice_on_public_layouts_is_right(run: Run, workspace: Path, name: str) -> None:
    layout = LAYOUTS[name]
    layout.make(workspace)
    (workspace / "layers.yml").write_text(layout.manifest)
    followed = follow_each(run, workspace, online())
    assert followed
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    assert not [one for one in report["warnings"] if "not measured" in one["message"]]


@pytest.mark.network
@pytest.mark.nightly
def test_advice_on_the_example_is_right(run: Run, workspace: Path) -> None:
    shutil.copytree(EXAMPLE, workspace, dirs_exist_ok=True)
    followed = follow_each(run, workspace, online())
    assert ("core-deps", "strip: true") in followed


def test_what_no_function_loads_is_advised_against_and_goes_without_a_loss(
    run: Run, workspace: Path
) -> None:
    """But not what code of others names, or a function imports late."""
    (workspace / "fn.py").write_text(
        "import app\n\n\ndef handler(event, context):\n    if event:\n        import ini\n"
    )
    (workspace / "layers.yml").write_text(
        f'{HEAD}layers:\n  deps: {{packages: ["app==1.0", "ini==1.0", "native==1.0", "shared==1.0"]}}\n'
        "functions:\n  f: {layers: [deps], code: fn.py, handler: fn.handler}\n"
    )
    done = run("build", "--verbose")
    assert done.returncode == 0, done.stderr
    found = layers(workspace)["deps"]["advice"]
    (unused,) = [one for one in found if "no function that has the layer" in one["text"]]
    assert unused["line"] == 'packages: ["app==1.0", "ini==1.0", "shared==1.0"]'
    assert unused["line"] in {line for _, line in follow_each(run, workspace)}
