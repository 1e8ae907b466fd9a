"""Zips from real files: the same bytes everywhere, and readable by every reader at hand."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layer_builder.archive import writer
from layer_builder.archive.writer import ZipMember
from layer_builder.model.build import Archive
from layer_builder.model.settings import Compression

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

ROOT = Path(__file__).resolve().parents[3]
READERS = [
    pytest.param(
        command,
        id=command[0],
        marks=pytest.mark.skipif(not shutil.which(command[0]), reason=f"no {command[0]} here"),
    )
    for command in (["unzip", "-tqq"], ["bsdtar", "-tf"], ["7z", "t"])
]
NOISE = random.Random(7).randbytes(3000)
CONTENTS = {
    "python/empty.py": b"",
    "python/noise.bin": NOISE,
    "python/text.txt": b"the same line\n" * 500,
    "python/größe/数据 file.txt": b"unicode\n",
    "bin/tool": b"#!/bin/sh\n",
}


def make(folder: Path, contents: Mapping[str, bytes] | None = None) -> Archive:
    """Write files in the given order, then their zip in the given order."""
    members = []
    for number, (path, content) in enumerate((CONTENTS if contents is None else contents).items()):
        source = folder / f"source-{number}"
        source.write_bytes(content)
        members.append(ZipMember(path=path, source=source, executable=path.startswith("bin/")))
    return writer.write_zip(members, folder / "out/layer.zip", Compression.BALANCED)


@pytest.mark.parametrize(
    "env",
    [
        {},
        {"TZ": "Asia/Kathmandu"},
        {"LC_ALL": "C"},
        {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
        {"PYTHONHASHSEED": "1"},
    ],
    ids=str,
)
def test_a_build_elsewhere_gives_the_same_bytes(
    run: Run, tmp_path: Path, add_wheel: Add, env: Mapping[str, str]
) -> None:
    add_wheel(
        "demo", "1.0", {"demo/__init__.py": "", "demo/größe.txt": "x\n"}, scripts={"d": "d:d"}
    )
    names = ["b.py", "a.py", "Z.py", "größe.py", "run.sh"]
    digests = set()
    for folder, mask, order in (("here", 0o022, 1), ("else/where", 0o077, -1)):
        home = tmp_path / folder
        (home / "src").mkdir(parents=True)
        for name in names[::order]:
            (home / "src" / name).write_text(f"# {name}\n")
            (home / "src" / name).chmod((0o777 if name == "run.sh" else 0o666) & ~mask)
        (home / "layers.yml").write_text(
            'version: 1\npython: "3.12"\n'
            "layers: {mixed: {packages: [demo], include: [src/], prune: off}}\n"
        )
        elsewhere = {"umask": mask, "env": env} if order == -1 else {}
        done = run("build", cwd=home, **elsewhere)
        assert done.returncode == 0, done.stderr
        content = (home / "dist/layers/mixed.zip").read_bytes()
        digests.add(hashlib.sha256(content).hexdigest())
        with zipfile.ZipFile(home / "dist/layers/mixed.zip") as made:
            modes = {info.filename: oct(info.external_attr >> 16) for info in made.infolist()}
        assert modes["python/src/run.sh"] == modes["python/bin/d"] == "0o100755"
        assert modes["python/src/a.py"] == modes["python/demo/__init__.py"] == "0o100644"
    assert len(digests) == 1


def test_order_and_number_of_processors_leave_no_trace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digests = set()
    for processors in (1, 4):
        monkeypatch.setattr(os, "cpu_count", lambda count=processors: count)
        for order in (1, -1):
            folder = tmp_path / f"{processors}{order}"
            folder.mkdir()
            contents = dict(list(CONTENTS.items())[::order])
            contents |= {f"many/{number}": b"%d" % number * number for number in range(300)}
            made = make(folder, contents)
            digests.add(made.path.read_bytes())
            assert made.sha256 == hashlib.sha256(made.path.read_bytes()).hexdigest()
    assert len(digests) == 1


def test_the_format_is_fixed_to_the_last_field(tmp_path: Path) -> None:
    made = make(tmp_path)
    assert zipfile.ZipFile(made.path).testzip() is None
    rows = [
        (i.filename, i.date_time, oct(i.external_attr >> 16), i.compress_type, i.file_size, i.extra)
        for i in zipfile.ZipFile(made.path).infolist()
    ]
    epoch = (1980, 1, 1, 0, 0, 0)
    assert rows == [
        ("bin/tool", epoch, "0o100755", zipfile.ZIP_STORED, 10, b""),
        ("python/empty.py", epoch, "0o100644", zipfile.ZIP_STORED, 0, b""),
        ("python/größe/数据 file.txt", epoch, "0o100644", zipfile.ZIP_STORED, 8, b""),
        ("python/noise.bin", epoch, "0o100644", zipfile.ZIP_STORED, 3000, b""),
        ("python/text.txt", epoch, "0o100644", zipfile.ZIP_DEFLATED, 7000, b""),
    ]
    assert made.weight.zip_bytes == made.path.stat().st_size
    assert made.weight.unzipped_bytes == 10 + 0 + 8 + 3000 + 7000
    assert made.files == 5


@pytest.mark.parametrize("reader", READERS)
def test_other_programs_read_it(tmp_path: Path, reader: list[str]) -> None:
    made = make(tmp_path)
    environ = {**os.environ, "LC_ALL": "C.UTF-8"}
    done = subprocess.run(
        [*reader, made.path], env=environ, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    "count",
    [65_535, 65_536, *(pytest.param(n, marks=pytest.mark.nightly) for n in (65_534, 70_000))],
)
def test_more_entries_than_16_bits_count_read_back(tmp_path: Path, count: int) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"")
    members = [ZipMember(path=f"python/{number:06}", source=source) for number in range(count)]
    made = writer.write_zip(members, tmp_path / "many.zip", Compression.FAST)
    with zipfile.ZipFile(made.path) as zipped:
        names = zipped.namelist()
    assert made.files == len(names) == count
    assert names[-1] == f"python/{count - 1:06}"
    assert (b"PK\x06\x06" in made.path.read_bytes()) is (count > 65_535)
    if shutil.which("unzip"):
        done = subprocess.run(["unzip", "-tqq", made.path], capture_output=True, check=False)
        assert (done.returncode, done.stdout) == (0, b"")


_PART = st.text(
    st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="/\\:"),
    min_size=1,
    max_size=12,
).filter(lambda name: name not in {".", ".."})
_TREES = st.dictionaries(
    st.lists(_PART, min_size=1, max_size=4).map("/".join),
    st.binary(max_size=200) | st.integers(1, 5000).map(lambda size: b"ab" * size),
    max_size=12,
)


@given(_TREES)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_any_tree_reads_back(tree: Mapping[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder), tree)
        with zipfile.ZipFile(made.path) as zipped:
            assert zipped.testzip() is None
            assert {name: zipped.read(name) for name in zipped.namelist()} == tree
            assert zipped.namelist() == sorted(tree)
    assert made.weight.unzipped_bytes == sum(map(len, tree.values()))


def test_what_is_taken_over_from_an_earlier_zip_makes_no_difference(tmp_path: Path) -> None:
    first = make(tmp_path)
    (tmp_path / "source-2").write_bytes(b"another line\n" * 500)
    (tmp_path / "new").write_bytes(b"new\n" * 100)
    members = [
        ZipMember(
            path=path, source=tmp_path / f"source-{number}", executable=path.startswith("bin/")
        )
        for number, path in enumerate(CONTENTS)
    ] + [ZipMember(path="python/new.txt", source=tmp_path / "new")]
    fresh = writer.write_zip(members, tmp_path / "fresh.zip", Compression.BALANCED)
    changed = {"python/text.txt"}
    taken = writer.write_zip(
        members, tmp_path / "taken.zip", Compression.BALANCED, base=first.path, stale=changed
    )
    assert taken.path.read_bytes() == fresh.path.read_bytes()
    stale = writer.write_zip(members, tmp_path / "stale.zip", Compression.BALANCED, base=first.path)
    assert zipfile.ZipFile(stale.path).read("python/text.txt") == CONTENTS["python/text.txt"]


# Not ru_maxrss, which begins with what the process that started this one had in memory:
# https://man7.org/linux/man-pages/man5/proc_pid_status.5.html (VmHWM).
_PEAK = """
import re, sys
from pathlib import Path
from layer_builder.archive.writer import ZipMember, write_zip
from layer_builder.model.settings import Compression
folder = Path(sys.argv[1])
members = [ZipMember(path=path.name, source=path) for path in folder.iterdir()]
made = write_zip(members, folder.parent / "out.zip", Compression.FAST)
kib = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]
print(made.weight.unzipped_bytes, int(kib) * 1024)
"""


@pytest.mark.parametrize("sizes", [[170, 80], [50] * 5, [1] * 250], ids=["2", "5", "250"])
def test_a_tree_at_the_limit_takes_less_than_400_mb(tmp_path: Path, sizes: list[int]) -> None:
    (tmp_path / "tree").mkdir()
    noise = random.Random(1)
    for number, size in enumerate(sizes):
        with (tmp_path / f"tree/{number}").open("wb") as file:
            for _ in range(size):
                file.write(noise.randbytes(1 << 19) + bytes(1 << 19))
    done = subprocess.run(
        [sys.executable, "-c", _PEAK, str(tmp_path / "tree")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    unzipped, peak = map(int, done.stdout.split())
    assert unzipped == 250 * 1024 * 1024
    assert peak < 400_000_000


def test_balanced_searches_longer_in_members_of_the_middle(tmp_path: Path) -> None:
    sources = b"".join(path.read_bytes() for path in sorted(Path(os.__file__).parent.glob("*.py")))
    sizes: dict[Compression, dict[int, int]] = {compression: {} for compression in Compression}
    kib = (64, 200, 2048)
    for size in kib:
        source = tmp_path / str(size)
        source.write_bytes(sources[: size * 1024])
        for compression, found in sizes.items():
            made = writer.write_zip(
                [ZipMember(path="a", source=source)], tmp_path / "z", compression
            )
            found[size] = made.weight.zip_bytes
    fast, balanced, best = (
        sizes[c] for c in (Compression.FAST, Compression.BALANCED, Compression.BEST)
    )
    assert all(fast[size] > balanced[size] > best[size] for size in kib)
    small, middle, large = (balanced[size] / best[size] - 1 for size in kib)
    assert middle < min(small, large) / 4


def test_a_huge_file_that_does_not_shrink_is_stored(tmp_path: Path) -> None:
    source = tmp_path / "noise"
    with source.open("wb") as file:
        for seed in range(65):
            file.write(random.Random(seed).randbytes(1 << 20))
    made = writer.write_zip([ZipMember(path="n", source=source)], tmp_path / "z", Compression.FAST)
    with zipfile.ZipFile(made.path) as zipped:
        assert zipped.infolist()[0].compress_type == zipfile.ZIP_STORED
        assert zipped.testzip() is None


@pytest.mark.parametrize("before", [None, b"the zip of an earlier run"])
def test_a_failed_write_leaves_nothing_half_done(tmp_path: Path, before: bytes | None) -> None:
    there = tmp_path / "there"
    there.write_bytes(NOISE)
    out = tmp_path / "out"
    out.mkdir()
    if before is not None:
        (out / "layer.zip").write_bytes(before)
    members = [ZipMember(path=f"python/{number:03}", source=there) for number in range(200)]
    members.append(ZipMember(path="python/gone", source=tmp_path / "gone"))
    with pytest.raises(FileNotFoundError):
        writer.write_zip(members, out / "layer.zip", Compression.FAST)
    left = {path.name: path.read_bytes() for path in out.iterdir()}
    assert left == ({} if before is None else {"layer.zip": before})


@pytest.mark.parametrize("there", [None, b"", b"PK\x05\x06 and no more"])
def test_an_earlier_zip_that_went_meanwhile_makes_no_difference(
    tmp_path: Path, there: bytes | None
) -> None:
    """Another run, or another layer of this one, needed its room while this layer was proven."""
    (tmp_path / "source").write_bytes(b"a line\n" * 500)
    members = [ZipMember(path="python/text.txt", source=tmp_path / "source")]
    fresh = writer.write_zip(members, tmp_path / "fresh.zip", Compression.BALANCED)
    earlier = tmp_path / "earlier.zip"
    if there is not None:
        earlier.write_bytes(there)
    again = writer.write_zip(members, tmp_path / "again.zip", Compression.BALANCED, earlier=earlier)
    assert again.path.read_bytes() == fresh.path.read_bytes()
    assert not again.taken
