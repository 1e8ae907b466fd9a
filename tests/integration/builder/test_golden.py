"""Small layers whose bytes are written down: who changes them raises the format number.

A stamp says what a layer version was made from, and of this program only CONTENT_FORMAT. A version
of it that gives other bytes for the same request, under the same number, would leave on AWS what it
would not build: docs/publishing.md, "The stamp".
"""

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from layer_builder.model import CONTENT_FORMAT

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

FORMAT = 2
"""The number under which these digests were recorded."""
GOLDEN = {
    "include": "e4f01cb9620309291d20933ed937a3b5bd98de085096d2223dddb8a2fbf5e1db",
    "pruned": "7bd288a43b8f1fc7da9b215bc4df2258b76fd7dcc5a37b76eb69c07c24060c20",
    "aggressive": "f62b96a8984600c9ff61ded80dacb5e06666a3f884364bcc61a2e214a7aef54f",
    "unpruned": "ed561bd20d883206cdaf8f2325d32a72455650886963ffd539f75c00321cfbf7",
    "best": "37987bc52a3730c13d4b5a74c997a2a042b668a4ea53346f28c748ef3a3969aa",
    "fast": "1685ddb21d52f830b3a455cd30fa79b28be0bbff2d043cd7a7fc5547b0ac3e0b",
    "stripped": "4cd4d77ca4f390fa9e3bebf4553aeb895f813eeb1f1a8365870b7f101c91a2dd",
}
BYTECODE = {
    "3.11": "0fe386d8e203e3c482abcf126d43394d6a66cd62a0b8f152e6afdda340f995c4",
    "3.12": "b5fd7b7df1e191d104c9af3072c89e8b3d441346669408cefd2cf78d1195446a",
    "3.13": "a6711f94eb209488c8b8160e36a1c685c5b713bd832609a1654adfdb4a465f17",
}
"""With its bytecode, by the version of the Python that compiles it."""

_TEXT = "".join(f"def number_{n}():\n    return {n * n}\n\n\n" for n in range(400))
_FILES = {
    "demo/__init__.py": "from demo.numbers import number_1\n\n__all__ = ['number_1']\n",
    "demo/numbers.py": _TEXT,
    "demo/data.json": json.dumps({str(n): n for n in range(200)}),
    "demo/types.pyi": "A: int\n",
    "demo/README.md": "words\n",
    "demo/tests/__init__.py": "",
    "demo/tests/test_demo.py": "def test():\n    assert True\n",
    "demo/speedup.c": "int main(void) { return 0; }\n",
}
_MANIFEST = """\
version: 1
python: "3.12"
proof: static
layers:
  include: {include: [src/, {from: data/, to: data/}]}
  pruned: {packages: [demo]}
  aggressive: {packages: [demo], prune: aggressive}
  unpruned: {packages: [demo], prune: "off"}
  best: {packages: [demo], compression: best}
  fast: {packages: [demo], compression: fast}
  stripped: {packages: [native], strip: true}
"""


def library() -> bytes:
    """Make a shared library of one segment, with sections behind it that no loader reads."""
    body = b"\x90" * 256
    end = 64 + 56 + len(body)
    symbols = b"a symbol table".ljust(64, b"\1")
    # https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
    header = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, end + len(symbols), 0, 64, 56, 1, 64, 2, 0
    )
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, end, end, 4096)
    none = bytes(64)
    section = struct.pack("<IIQQQQIIQQ", 0, 1, 0, 0, end, len(symbols), 0, 0, 1, 0)
    return header + load + body + symbols + none + section


@pytest.fixture
def job(workspace: Path, add_wheel: Add) -> Path:
    """Give a workspace with all of it."""
    add_wheel("demo", "1.0", _FILES)
    add_wheel("native", "1.0", {"native/__init__.py": "", "native/_native.so": library()})
    for name, text in {
        "src/a.py": "A = 1\n",
        "src/b/c.txt": _TEXT,
        "data/x.bin": "x" * 999,
    }.items():
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace / name).write_text(text)
    (workspace / "src/a.py").chmod(0o755)
    return workspace


def digests(job: Path) -> dict[str, str]:
    report = json.loads((job / "dist/layers/report.json").read_text())
    return {layer["key"]: layer["sha256"] for layer in report["layers"]}


def refuse(changed: dict[str, str]) -> None:
    """Say what to do about layers of other bytes."""
    assert not changed, (
        f"these layers have other bytes than were written down: {changed}. If that is meant, raise"
        " CONTENT_FORMAT in layer_builder/model/stamp.py, and write down the new digests and number"
    )


def test_the_format_number_is_that_of_the_recorded_bytes() -> None:
    assert CONTENT_FORMAT == FORMAT, "record the digests of this format, and its number"


def test_pruned_stripped_and_included_layers_have_the_recorded_bytes(run: Run, job: Path) -> None:
    (job / "layers.yml").write_text(_MANIFEST)
    done = run("build")
    assert done.returncode == 0, done.stderr
    refuse({key: digest for key, digest in digests(job).items() if GOLDEN[key] != digest})
    stripped = json.loads((job / "dist/layers/report.json").read_text())["layers"][-1]
    assert "strip" in {rule["rule"] for rule in stripped["pruned"]}


@pytest.mark.parametrize("python", BYTECODE)
def test_bytecode_has_the_recorded_bytes(run: Run, job: Path, python: str) -> None:
    architecture = os.uname().machine.replace("aarch64", "arm64")
    (job / "layers.yml").write_text(
        f'version: 1\npython: "{python}"\narchitecture: {architecture}\nbytecode: all\n'
        "layers:\n  all: {packages: [demo]}\n"
    )
    done = run("build", env={"PYENV_ROOT": str(Path.home() / ".pyenv")})
    (layer,) = json.loads((job / "dist/layers/report.json").read_text())["layers"] or [None]
    if layer is None or layer["bytecode"]["packed"] == "none":
        pytest.skip(f"there is no Python {python} here")
    assert done.returncode == 0, done.stderr
    refuse({key: digest for key, digest in digests(job).items() if BYTECODE[python] != digest})
