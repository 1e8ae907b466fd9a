"""`compression: best` renews the gzip files inside a layer."""

import base64
import gzip
import hashlib
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

TEXT = json.dumps([random.Random(n).choice("abcdef") * 9 for n in range(4000)]).encode()
LOOSE = gzip.compress(TEXT, 1)
NOISE = gzip.compress(random.Random(3).randbytes(5000), 9, mtime=0)
FILES = {
    "demo/__init__.py": "",
    "demo/data.json.gz": LOOSE,
    "demo/noise.gz": NOISE,
    "demo/two.gz": LOOSE + LOOSE,
    "demo/torn.gz": LOOSE[:-9],
    "demo/none.gz": b"no gzip at all",
}


@pytest.fixture
def members(run: Run, workspace: Path, add_wheel: Add) -> Callable[[str], dict[str, bytes]]:
    """Build a layer with gzip files of all kinds; gives what is in its zip."""
    add_wheel("demo", "1.0", FILES)

    def build(compression: str) -> dict[str, bytes]:
        (workspace / "layers.yml").write_text(
            f'version: 1\npython: "3.12"\nproof: static\ncompression: {compression}\n'
            "layers:\n  deps: {packages: [demo]}\n"
        )
        done = run("build")
        assert done.returncode == 0, done.stderr
        with zipfile.ZipFile(workspace / "dist/layers/deps.zip") as file:
            return {name.removeprefix("python/"): file.read(name) for name in file.namelist()}

    return build


def test_a_gzip_file_gets_smaller_and_decodes_to_the_same(
    members: Callable[[str], dict[str, bytes]], workspace: Path
) -> None:
    found = members("best")
    renewed = found["demo/data.json.gz"]
    assert len(renewed) < len(LOOSE)
    assert gzip.decompress(renewed) == TEXT
    digest = base64.urlsafe_b64encode(hashlib.sha256(renewed).digest()).rstrip(b"=").decode()
    row = f"demo/data.json.gz,sha256={digest},{len(renewed)}"
    assert row in found["demo-1.0.dist-info/RECORD"].decode().splitlines()
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    saved = len(LOOSE) - len(renewed)
    assert {"rule": "recompress", "files": 1, "bytes": saved} in report["layers"][0]["pruned"]


@pytest.mark.parametrize("name", ["noise", "two", "torn", "none"])
def test_what_is_no_single_sound_gzip_file_or_does_not_shrink_stays(
    members: Callable[[str], dict[str, bytes]], name: str
) -> None:
    assert members("best")[f"demo/{name}.gz"] == FILES[f"demo/{name}.gz"]


def test_only_best_renews(members: Callable[[str], dict[str, bytes]]) -> None:
    assert members("balanced")["demo/data.json.gz"] == LOOSE
