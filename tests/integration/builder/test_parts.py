"""A build that differs a little takes parts of the one before, and has the bytes of one without."""

import json
import random
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest
from deflate import _deflate

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
NAMES = ("alpha", "beta", "gamma")


@pytest.fixture
def build(
    run: Run, workspace: Path, tmp_path: Path
) -> Callable[..., tuple[str, CompletedProcess[str]]]:
    """Build a layer of pinned distributions; gives its digest, and the process."""

    def make(
        pins: dict[str, str],
        *,
        cached: bool = True,
        bytecode: str = "imported",
        level: str = "balanced",
    ) -> tuple[str, CompletedProcess[str]]:
        asked = ", ".join(f'"{name}=={version}"' for name, version in pins.items())
        (workspace / "layers.yml").write_text(
            f'version: 1\npython: "{PYTHON}"\nbytecode: {bytecode}\ncompression: {level}\n'
            f"layers:\n  deps: {{packages: [{asked}]}}\n"
        )
        cache = {"LAYER_BUILDER_CACHE_DIR": str(tmp_path / "cache"), "LAYER_BUILDER_NO_CACHE": None}
        out = "dist/cached" if cached else "dist/plain"
        env = cache if cached else {"LAYER_BUILDER_NO_CACHE": "1"}
        done = run("build", "--output-dir", out, env=env)
        assert done.returncode == 0, done.stderr
        layer = json.loads((workspace / out / "report.json").read_text())["layers"][0]
        return layer["sha256"], done

    return make


def sources(name: str, chance: random.Random) -> dict[str, str]:
    """Make up the modules of a distribution; some of them are those of every version."""
    files = {
        f"{name}/{part}.py": f"VALUES = {[chance.random() for _ in range(chance.choice([3, 300]))]}\n"
        for part in ("one", "two", "three")
    }
    files[f"{name}/same.py"] = f"SAME = {list(range(500))}\n"
    files[f"{name}/__init__.py"] = f"from {name} import one, same, two\n"
    files[f"{name}/data.txt"] = "words " * chance.randrange(1, 900)
    return files


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("bytecode", ["none", "imported", "all"])
def test_random_changes_give_the_bytes_of_a_build_without_a_cache(
    build: Callable[..., tuple[str, CompletedProcess[str]]],
    add_wheel: Add,
    seed: int,
    bytecode: str,
) -> None:
    chance = random.Random(seed)
    for name in NAMES:
        for version in ("1", "2", "3"):
            add_wheel(name, version, sources(name, chance))
    for _ in range(3):
        pins = {
            name: chance.choice("123")
            for name in chance.sample(NAMES, k=chance.randrange(1, len(NAMES) + 1))
        }
        level = chance.choice(["balanced", "balanced", "fast"])
        with_parts, _ = build(pins, bytecode=bytecode, level=level)
        without, _ = build(pins, cached=False, bytecode=bytecode, level=level)
        assert with_parts == without


def test_bytecode_and_packed_files_of_an_earlier_build_are_taken(
    build: Callable[..., tuple[str, CompletedProcess[str]]], add_wheel: Add, tmp_path: Path
) -> None:
    """The distribution that is the same, and two modules that are in both versions of the other."""
    add_wheel("alpha", "1", sources("alpha", random.Random(1)))
    add_wheel("beta", "1", sources("beta", random.Random(2)))
    add_wheel("beta", "2", sources("beta", random.Random(3)))
    build({"alpha": "1", "beta": "1"})
    parts = [part.read_bytes() for part in (tmp_path / "cache").glob("*.part")]
    (index,) = (json.loads(part.split(b"\n", 2)[1]) for part in parts if b"seconds" in part)
    assert "alpha/one.py" in index
    assert {"sha256", "seconds", "start", "length"} == index["alpha/one.py"].keys()
    _, done = build({"alpha": "1", "beta": "2"})
    taken = re.search(
        r"^deps: taken from an earlier build: (\d+) of (\d+) scans of files,"
        r" the bytecode of 7 of 10 modules, ",
        done.stderr,
        re.MULTILINE,
    )
    assert taken
    assert 0 < int(taken[1]) < int(taken[2])


def test_what_was_read_of_a_library_is_that_of_its_content(
    build: Callable[..., tuple[str, CompletedProcess[str]]], add_wheel: Add
) -> None:
    """One for another machine, in the place of one that could be loaded."""
    library = Path(_deflate.__file__).read_bytes()
    foreign = bytearray(library)
    foreign[18:20] = (0xF3).to_bytes(2, "little")  # e_machine: RISC-V
    for version, content in (("1", library), ("2", bytes(foreign))):
        files = {"alpha/__init__.py": "", "alpha/_native.abi3.so": content}
        add_wheel("alpha", version, files, tag=f"cp{PYTHON.replace('.', '')}-none-any")
    build({"alpha": "1"})

    with pytest.raises(AssertionError, match="is for EM_RISCV"):
        build({"alpha": "2"})


@pytest.mark.parametrize("what", ["*.part", "*.zip", "zips/*"])
def test_a_damaged_entry_is_made_anew(
    build: Callable[..., tuple[str, CompletedProcess[str]]],
    add_wheel: Add,
    tmp_path: Path,
    what: str,
) -> None:
    for version in ("1", "2"):
        add_wheel("alpha", version, sources("alpha", random.Random(version)))
    add_wheel("beta", "1", sources("beta", random.Random(2)))
    build({"alpha": "1", "beta": "1"})
    for entry in (tmp_path / "cache").glob(what):
        content = bytearray(entry.read_bytes())
        content[len(content) // 2] ^= 0xFF
        entry.write_bytes(content)
    with_parts, _ = build({"alpha": "2", "beta": "1"})
    without, _ = build({"alpha": "2", "beta": "1"}, cached=False)
    assert with_parts == without


def test_zip_members_keep_their_bytes(
    build: Callable[..., tuple[str, CompletedProcess[str]]], add_wheel: Add, workspace: Path
) -> None:
    add_wheel("alpha", "1", sources("alpha", random.Random(1)))
    build({"alpha": "1"})
    with zipfile.ZipFile(workspace / "dist/cached/deps.zip") as file:
        assert file.testzip() is None
