"""What uv installs from its cache is compared with the locked wheels: real uv, an index that counts."""

import base64
import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest
import uv

from layer_builder.keeping import CacheKey, SignedNotes
from layer_builder.model import Architecture, Pin, Python, Target
from layer_builder.tree.contents import read_installed
from layer_builder.wheels.ledger import WheelLedger

from ..local_index import Answer, Request, Response, answers, wheel

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Add: TypeAlias = Callable[..., Path]

PYTHON = "{}.{}".format(*sys.version_info)
TARGET = Target(python=Python(PYTHON), architecture=Architecture.X86_64)
OFFLINE = {"UV_OFFLINE": "1"}


def digest(content: bytes) -> str:
    return (
        "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    )


@dataclass
class Index:
    """An index of made-up wheels that notes which are downloaded."""

    folder: Path
    downloads: list[str] = field(default_factory=list)
    is_down: bool = False

    def answer(self, request: Request) -> Response:
        if self.is_down:
            return 503, {}, b""
        status, headers, content = answers(self.folder)(request)
        method, path, *_ = request
        if path.startswith("/files/") and method == "GET":
            self.downloads.append(path.removeprefix("/files/").partition("-")[0])
        return status, {**headers, "Cache-Control": "max-age=600"}, content

    def taken(self) -> list[str]:
        """Give what was downloaded since this was last asked."""
        taken, self.downloads = self.downloads, []
        return sorted(taken)


@dataclass
class Cached:
    """A wheel as it lies unpacked in uv's cache."""

    root: Path

    @property
    def record(self) -> Path:
        [record] = self.root.glob("demo-1.0.dist-info/RECORD")
        return record

    def write(self, path: str, content: str, *, recorded: bool = False) -> None:
        """Write a file into it; have RECORD say so, too."""
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(content)
        if recorded:
            known = csv.reader(io.StringIO(self.record.read_text()))
            rows = [row for row in known if row[0] != path]
            rows.append([path, digest(content.encode()), str(len(content))])
            text = io.StringIO()
            csv.writer(text, lineterminator="\n").writerows(rows)
            self.record.write_text(text.getvalue())

    def link(self, path: str) -> None:
        """Put a link in the place of a file."""
        (self.root / path).unlink()
        (self.root / path).symlink_to("/etc/hostname")

    def second(self) -> None:
        """Add another distribution of the same name, which vouches for a file of its own."""
        info = "demo-9.dist-info"
        files = {"evil.py": "EVIL = 1\n", f"{info}/METADATA": "Name: demo\nVersion: 1.0\n"}
        rows = "".join(f"{path},{digest(text.encode())},\n" for path, text in files.items())
        files[f"{info}/RECORD"] = f"{rows}{info}/RECORD,,\n"
        for path, text in files.items():
            self.write(f"demo-1.0.data/purelib/{path}", text, recorded=True)


POISONS: dict[str, tuple[Callable[[Cached], object], str]] = {
    "a file": (lambda c: c.write("demo.py", "EVIL = 1\n"), "demo: 'demo.py' is sha256="),
    "a file and its RECORD": (
        lambda c: c.write("demo.py", "EVIL = 1\n", recorded=True),
        "demo 1.0: 'demo.py' is sha256=",
    ),
    "a .pth file more": (
        lambda c: c.write("evil.pth", "import os\n"),
        "'evil.pth' is in no RECORD",
    ),
    "a sitecustomize more, in RECORD": (
        lambda c: c.write("sitecustomize.py", "", recorded=True),
        "demo 1.0: 'sitecustomize.py' is sha256=47DEQpj8HBSa…, and not there in the wheel",
    ),
    "another distribution": (lambda c: c.second(), "'demo 1.0' is there twice"),
    "a script and its RECORD": (
        lambda c: c.write("demo-1.0.data/scripts/tool", "#!python\nEVIL = 1\n", recorded=True),
        "demo 1.0: 'bin/tool' is sha256=",
    ),
    "an entry point and its RECORD": (
        lambda c: c.write(
            "demo-1.0.dist-info/entry_points.txt",
            "[console_scripts]\ngen = os:abort\n",
            recorded=True,
        ),
        "demo 1.0: 'bin/gen' is sha256=",
    ),
    "a file less": (
        lambda c: (c.root / "demo.py").unlink(),
        "'demo.py' is in its RECORD, and missing",
    ),
    "a link": (lambda c: c.link("demo.py"), "demo: 'demo.py' is "),
}


@pytest.fixture
def pypi(tmp_path: Path, add_wheel: Add) -> Index:
    add_wheel(
        "demo", "1.0",
        {"demo.py": "A = 1\n", "demo-1.0.data/scripts/tool": "#!python\nA = 1\n"},
        requires=["base"], scripts={"gen": "demo:A"},
    )  # fmt: skip
    add_wheel("base", "1.0", {"base.py": "B = 1\n"}, scripts={"gen-base": "base:B"})
    add_wheel("other", "1.0", {"other.py": "C = 1\n"})
    return Index(tmp_path / "index")


@pytest.fixture
def build(
    run: Run, workspace: Path, pypi: Index, serve: Callable[[Answer], str]
) -> Callable[..., CompletedProcess[str]]:
    """Build the layer `core` anew."""
    address = serve(pypi.answer)
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "{PYTHON}"\nlayers:\n  core: {{packages: [demo]}}\n'
    )

    def start(command: str = "build", **env: str | None) -> CompletedProcess[str]:
        shutil.rmtree(workspace / "dist", ignore_errors=True)
        around = {"UV_DEFAULT_INDEX": f"{address}/simple", "UV_HTTP_RETRIES": "0"}
        return run(command, env=around | env)

    start.__dict__["address"] = address
    return start


@pytest.fixture
def cached(tmp_path: Path) -> Callable[[], Cached]:
    """Find what uv unpacked of demo's wheel."""

    def find() -> Cached:
        [info] = (tmp_path / "uv-cache").glob("archive-v0/*/demo-1.0.dist-info")
        return Cached(info.parent)

    return find


@pytest.fixture
def somebody(
    build: Run, pypi: Index, environ: dict[str, str], tmp_path: Path
) -> Callable[..., Path]:
    """Have somebody else install packages with the same cache of uv's."""

    def install(*packages: str) -> Path:
        folder = tmp_path / "somebody"
        words = ["pip", "install", "--quiet", "--no-config", "--target", str(folder), *packages]
        subprocess.run(
            [uv.find_uv_bin(), *words, "--python", sys.executable],
            env={**environ, "UV_DEFAULT_INDEX": f"{build.__dict__['address']}/simple"},
            check=True,
        )
        pypi.taken()
        return folder

    return install


def packed(workspace: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(workspace / "dist/layers/core.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# What others wrote into uv's cache


@pytest.mark.parametrize("poison", POISONS)
def test_what_was_changed_in_uvs_cache_is_not_packed(
    build: Run, cached: Callable[[], Cached], workspace: Path, tmp_path: Path, poison: str
) -> None:
    assert build().returncode == 0
    change, flaw = POISONS[poison]
    change(cached())
    done = build()
    assert done.returncode == 3, done.stderr
    assert f"uv's cache at {tmp_path / 'uv-cache'}" in done.stderr.replace(
        "its cache", "uv's cache"
    )
    assert flaw in done.stderr
    assert "`uv cache clean" in done.stderr
    assert not list(workspace.glob("dist/layers/*.zip"))
    assert build(**OFFLINE).returncode == 3


def test_what_uv_is_told_to_clean_is_all_that_has_to_go(
    build: Run, cached: Callable[[], Cached], pypi: Index
) -> None:
    build()
    cached().write("demo.py", "EVIL = 1\n", recorded=True)
    done = build()
    [command] = [
        line.split("`")[1] for line in done.stderr.splitlines() if "`uv cache clean" in line
    ]
    subprocess.run([uv.find_uv_bin(), *command.split()[1:]], check=True, capture_output=True)
    pypi.taken()
    assert build().returncode == 0
    assert set(pypi.taken()) == {"demo"}


@pytest.mark.parametrize("poison", ["a file and its RECORD", "a script and its RECORD"])
def test_a_cache_that_was_changed_before_the_first_run_is_found(
    build: Run, somebody: Callable[..., Path], cached: Callable[[], Cached], poison: str
) -> None:
    somebody("demo")
    change, flaw = POISONS[poison]
    change(cached())
    done = build()
    assert done.returncode == 3, done.stderr
    assert "holds other bytes than the locked wheel of demo\n" in done.stderr
    assert flaw in done.stderr


def test_an_edit_in_an_environment_that_shares_its_files_with_the_cache_is_found(
    build: Run, somebody: Callable[..., Path]
) -> None:
    edited = somebody("demo", "--link-mode", "hardlink") / "demo.py"
    with edited.open("a") as file:
        file.write("DEBUG = 1\n")
    done = build()
    assert done.returncode == 3
    assert "demo: 'demo.py' is sha256=" in done.stderr


def test_without_a_ledger_and_without_an_index_nothing_is_packed(
    build: Run, somebody: Callable[..., Path], pypi: Index, workspace: Path
) -> None:
    somebody("demo")
    build("lock")
    pypi.is_down = True
    done = build()
    assert done.returncode == 3, done.stderr
    assert "demo 1.0: its wheel was never seen here" in done.stderr
    assert "let the index be reached once" in done.stderr
    assert not list(workspace.glob("dist/layers/*.zip"))


# The ledger


@pytest.fixture
def evil(
    build: Run, cached: Callable[[], Cached], environ: dict[str, str], tmp_path: Path
) -> Callable[[CacheKey], None]:
    """Poison the cache; gives what notes that the poison is what the wheel holds."""
    assert build("lock").returncode == 0
    assert build().returncode == 0
    cached().write("demo.py", "EVIL = 1\n", recorded=True)
    text = (tmp_path / "workspace/layers.lock").read_text()
    [line] = [line for line in text.splitlines() if line.startswith('  "demo==')]
    pin = Pin.parse(json.loads(line.strip().rstrip(",")))
    subprocess.run(
        [uv.find_uv_bin(), "pip", "install", "--quiet", "--no-config", "--no-deps", "--offline",
         "--no-installer-metadata", "--python", sys.executable, "--link-mode", "copy",
         "--target", str(tmp_path / "evil"), "demo==1.0"],
        env={**environ, "UV_DEFAULT_INDEX": f"{build.__dict__['address']}/simple"}, check=True,
    )  # fmt: skip
    [one] = read_installed(tmp_path / "evil").distributions
    folder = tmp_path / "home/.cache/lambda-layer-builder/wheels"

    def forge(key: CacheKey) -> None:
        WheelLedger(notes=SignedNotes(folder=folder, key=key)).note(pin, TARGET, one.digest)

    return forge


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the target of the forged entry")
def test_an_entry_of_another_key_counts_for_nothing(
    build: Run, evil: Callable[[CacheKey], None], tmp_path: Path
) -> None:
    evil(CacheKey(path=tmp_path / "another.key"))
    done = build()
    assert done.returncode == 3, done.stderr
    assert "demo 1.0: 'demo.py' is sha256=" in done.stderr
    evil(CacheKey(path=tmp_path / "home/.config/lambda-layer-builder/cache.key"))
    assert build().returncode == 0, "the forged entry is not one at all"


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the target of the forged entry")
def test_an_entry_that_was_edited_counts_for_nothing(
    build: Run, evil: Callable[[CacheKey], None], tmp_path: Path
) -> None:
    folder = tmp_path / "home/.cache/lambda-layer-builder/wheels"
    genuine = {path: path.read_bytes() for path in folder.iterdir()}
    evil(CacheKey(path=tmp_path / "another.key"))
    [edited] = [path for path in folder.iterdir() if path.read_bytes() != genuine[path]]
    tag, _, _ = genuine[edited].partition(b"\n")
    _, _, text = edited.read_bytes().partition(b"\n")
    edited.write_bytes(tag + b"\n" + text)
    done = build()
    assert done.returncode == 3, done.stderr
    assert "demo 1.0: 'demo.py' is sha256=" in done.stderr


@pytest.mark.parametrize("which", ["", "wheels"])
def test_a_ledger_that_others_may_write_to_is_not_used(
    build: Run, pypi: Index, tmp_path: Path, which: str
) -> None:
    build()
    (tmp_path / "home/.cache/lambda-layer-builder" / which).chmod(0o777)
    pypi.taken()
    assert build().returncode == 0
    assert pypi.taken() == ["base", "demo"]


def test_the_ledger_is_its_users_alone(build: Run, tmp_path: Path) -> None:
    build()
    folder = tmp_path / "home/.cache/lambda-layer-builder"
    assert [path.stat().st_mode & 0o777 for path in (folder, folder / "wheels")] == [0o700, 0o700]
    assert len(list((folder / "wheels").iterdir())) == 2


# How often a wheel is downloaded


@pytest.mark.parametrize("before", [(), ("lock",), ("plan",)])
def test_an_empty_cache_is_filled_with_one_download_and_then_there_is_none(
    build: Run, pypi: Index, before: tuple[str, ...]
) -> None:
    for command in before:
        assert build(command).returncode == 0
    reading = pypi.taken()
    assert build().returncode == 0
    once = pypi.taken()
    if before:
        assert once == ["base", "demo"]
    else:
        assert len(once) <= 4, (once, reading)
    assert build().returncode == 0
    assert pypi.taken() == []
    pypi.is_down = True
    assert build(**OFFLINE).returncode == 0


def test_a_cache_that_others_filled_costs_one_download_to_compare(
    build: Run, pypi: Index, somebody: Callable[..., Path], workspace: Path
) -> None:
    somebody("demo")
    assert build().returncode == 0
    assert pypi.taken() == ["base", "demo"]
    first = packed(workspace)
    assert build(**OFFLINE).returncode == 0
    assert pypi.taken() == []
    assert packed(workspace) == first


def test_a_cache_that_lacks_a_wheel_costs_no_second_download(
    build: Run, pypi: Index, somebody: Callable[..., Path]
) -> None:
    somebody("other")
    build("lock")
    pypi.taken()
    assert build().returncode == 0
    assert pypi.taken() == ["base", "demo"]


def test_a_cache_that_others_may_write_to_is_not_believed_even_when_it_was_empty(
    build: Run, pypi: Index, tmp_path: Path
) -> None:
    (tmp_path / "uv-cache").mkdir()
    (tmp_path / "uv-cache").chmod(0o777)
    build("lock")
    pypi.taken()
    for _ in range(2):
        assert build(LAYER_BUILDER_NO_CACHE="1").returncode == 0
    # Each time into a cache of its own, since nothing may be remembered.
    assert pypi.taken() == ["base", "base", "demo", "demo"]


@pytest.mark.parametrize("env", [{"LAYER_BUILDER_NO_CACHE": "1"}, {"HOME": None}])
def test_where_nothing_is_remembered_it_is_compared_each_time(
    build: Run, pypi: Index, cached: Callable[[], Cached], env: dict[str, str | None]
) -> None:
    assert build(**env).returncode == 0
    pypi.taken()
    assert build(**env).returncode == 0
    assert pypi.taken() == ["base", "demo"]
    cached().write("demo.py", "EVIL = 1\n", recorded=True)
    assert build(**env).returncode == 3


def test_two_layers_with_the_same_wheel_compare_it_once(
    build: Run, pypi: Index, somebody: Callable[..., Path], workspace: Path
) -> None:
    somebody("demo")
    manifest = workspace / "layers.yml"
    manifest.write_text(manifest.read_text() + "  more: {packages: [demo], prune: off}\n")
    done = build()
    assert done.returncode == 0, done.stderr
    assert pypi.taken() == ["base", "demo"]


# What wheels may be like


@pytest.fixture
def recorded(tmp_path: Path, pypi: Index) -> Callable[..., None]:
    """Put a wheel on the index whose RECORD has other rows for its file."""
    assert pypi.folder.is_dir()

    def add(rows: list[list[str]]) -> None:
        name, content = wheel("demo", "2.0", {"demo.py": "A = 1\n"})
        changed = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(changed, "w") as new:
            for member in old.namelist():
                data = old.read(member)
                if member.endswith("/RECORD"):
                    kept = [row for row in csv.reader(io.StringIO(data.decode()))
                            if row[0] != "demo.py"]  # fmt: skip
                    text = io.StringIO()
                    csv.writer(text).writerows([*rows, *kept])
                    data = text.getvalue().encode()
                new.writestr(member, data)
        (tmp_path / "index" / name).write_bytes(changed.getvalue())

    return add


def other_digest(name: str) -> str:
    content = base64.urlsafe_b64encode(hashlib.new(name, b"A = 1\n").digest())
    return f"{name}={content.rstrip(b'=').decode()}"


@pytest.mark.parametrize("name", ["sha384", "sha512", "blake2b"])
def test_a_better_digest_does_as_well(build: Run, recorded: Callable[..., None], name: str) -> None:
    recorded([["demo.py", other_digest(name), "6"]])
    assert build().returncode == 0


@pytest.mark.parametrize(
    ("rows", "flaw"),
    [
        ([["demo.py", other_digest("md5"), "6"]], "demo: 'demo.py' is sha256="),
        ([["demo.py", other_digest("sha1"), "6"]], "demo: 'demo.py' is sha256="),
    ],
)  # fmt: skip
def test_a_wheel_that_contradicts_itself_is_refused(
    build: Run, recorded: Callable[..., None], rows: list[list[str]], flaw: str
) -> None:
    recorded(rows)
    done = build()
    assert done.returncode == 3, done.stderr
    assert "a wheel holds other files than its RECORD says, and is locked like that" in done.stderr
    assert flaw in done.stderr


@pytest.mark.parametrize(
    "rows", [[["demo.py", "", ""]], [], [["demo.py", "", ""], ["lost.py", digest(b""), "0"]]]
)
def test_a_file_without_a_digest_is_compared_with_the_wheels_own(
    build: Run, recorded: Callable[..., None], tmp_path: Path, rows: list[list[str]]
) -> None:
    recorded(rows)
    # uv puts into RECORD, without digests, what is in a wheel, and takes out what is not.
    assert build().returncode == 0
    [info] = (tmp_path / "uv-cache").glob("archive-v0/*/demo-2.0.dist-info")
    (info.parent / "demo.py").write_text("EVIL = 1\n")
    done = build()
    assert done.returncode == 3, done.stderr
    assert "demo 2.0: 'demo.py' is sha256=" in done.stderr


@pytest.mark.parametrize("is_warm", [False, True])
def test_two_distributions_may_have_a_path_and_a_script_in_common(
    build: Run,
    add_wheel: Add,
    somebody: Callable[..., Path],
    is_warm: bool,  # noqa: FBT001 (a row)
) -> None:
    same = {"common.py": "A = 1\n"}
    add_wheel("base", "2.0", {"base.py": "", "common.py": "B = 1\n"}, scripts={"gen": "base:B"})
    add_wheel("demo", "2.0", {"demo.py": "", **same}, requires=["base"], scripts={"gen": "demo:A"})
    if is_warm:
        somebody("demo")
    assert build().returncode == 0
    assert build().returncode == 0
