"""The environment of the action: made from its lock, and used again only as it was made."""

import base64
import hashlib
import importlib.util
import os
import stat
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import TypeAlias

import pytest
import uv

from .conftest import REPOSITORY

Add: TypeAlias = Callable[..., Path]

UV = """\
#!/bin/sh
export UV_DEFAULT_INDEX={index}/simple UV_CACHE_DIR={cache}
exec {uv} "$@"
"""


@pytest.fixture
def entrypoint(
    tmp_path: Path, index: str, add_wheel: Add, monkeypatch: pytest.MonkeyPatch
) -> ModuleType:
    """Give the entry point of an action whose lock names made-up wheels; its uv is the real one."""
    spec = importlib.util.spec_from_file_location("entrypoint", REPOSITORY / "entrypoint.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    script = UV.format(index=index, cache=tmp_path / "uv-cache", uv=uv.find_uv_bin())
    wheels = {
        "uv": [add_wheel("uv", "1.0", {"uv-1.0.data/scripts/uv": script})],
        "run": [
            add_wheel("PyGithub", "2.0", {"github/__init__.py": "A = 1\n"}),
            add_wheel("helper", "1.0", {"helper.py": "B = 1\n"}),
        ],
    }
    (tmp_path / "action/requirements").mkdir(parents=True)
    for lock, files in wheels.items():
        lines = "".join(_pin(file) for file in files)
        (tmp_path / f"action/requirements/{lock}.txt").write_text(lines)
    monkeypatch.setattr(module, "HERE", str(tmp_path / "action"))
    return module


def _pin(wheel: Path) -> str:
    name, version, *_ = wheel.name.split("-")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return f"{name.lower()}=={version} \\\n    --hash=sha256:{digest}\n"


@pytest.fixture
def prepare(
    entrypoint: ModuleType, tmp_path: Path, index: str, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[Path, str]]:
    """Have it prepare its environment; gives the folder of packages, and what was said."""

    def start(cache: str = "cache") -> tuple[Path, str]:
        environment: Mapping[str, str] = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "XDG_CACHE_HOME": str(tmp_path / cache),
            "PIP_INDEX_URL": f"{index}/simple",
            "PIP_NO_CACHE_DIR": "1",
        }
        python = Path(entrypoint.prepare("run", environment))
        [packages] = python.parents[1].glob("lib/python*/site-packages")
        return packages, capfd.readouterr().err

    return start


def append(path: Path) -> None:
    """Change a file in place, keeping its dates and size where bytecode remembers them."""
    path.chmod(path.stat().st_mode | stat.S_IWUSR)
    with path.open("ab") as file:
        file.write(b"EVIL = 1\n")


def change_bytecode(packages: Path) -> None:
    [path] = packages.glob("github/__pycache__/*.pyc")
    path.write_bytes(path.read_bytes().replace(b"A", b"E"))


def change_with_record(packages: Path) -> None:
    """Change a module, and have its RECORD agree."""
    module = packages / "github/__init__.py"
    before, after = module.read_bytes(), b"EVIL = 1\n"
    [record] = packages.glob("[Pp]y[Gg]ithub-2.0.dist-info/RECORD")
    module.write_bytes(after)
    text = record.read_text().replace(_digest(before), _digest(after))
    record.write_text(text.replace(f",{len(before)}", f",{len(after)}"))


def _digest(content: bytes) -> str:
    digest = hashlib.sha256(content).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def add_distribution(packages: Path) -> None:
    folder = packages / "evil-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Name: evil\nVersion: 1.0\n")
    (folder / "RECORD").write_text("")


def relink(packages: Path) -> None:
    python = packages.parents[2] / "bin/python"
    python.unlink()
    python.symlink_to("/bin/true")


POISONS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a module": (
        lambda packages: append(packages / "github/__init__.py"),
        "site-packages/github/__init__.py is not what its RECORD says",
    ),
    "a module and its RECORD": (change_with_record, "files that no RECORD has were added or changed"),
    "bytecode": (change_bytecode, "files that no RECORD has were added or changed"),
    "a file that Python runs as it starts": (
        lambda packages: (packages / "evil.pth").write_text("import os"),
        "files that no RECORD has were added or changed",
    ),
    "a distribution": (add_distribution, "evil 1.0 is not in its lock"),
    "a missing module": (
        lambda packages: (packages / "helper.py").unlink(),
        "site-packages/helper.py is not what its RECORD says",
    ),
    "the interpreter": (relink, "files that no RECORD has were added or changed"),
}  # fmt: skip


def test_an_environment_is_used_again_as_it_was_made(
    prepare: Callable[..., tuple[Path, str]],
) -> None:
    packages, said = prepare()
    assert said == "setting up layer-builder (once)\n"
    assert list(packages.glob("github/__pycache__/*.pyc"))
    assert prepare() == (packages, "")


@pytest.mark.parametrize("poison", POISONS)
def test_a_changed_environment_is_noticed_and_made_anew(
    prepare: Callable[..., tuple[Path, str]], poison: str
) -> None:
    packages, _ = prepare()
    change, flaw = POISONS[poison]
    change(packages)
    again, said = prepare()
    first, second = said.splitlines()
    assert first.startswith("the environment of layer-builder is not what was installed: ")
    assert first.endswith(flaw)
    assert second == "setting up layer-builder (once)"
    assert (again / "github/__init__.py").read_text() == "A = 1\n"
    assert prepare() == (packages, "")


def test_nothing_is_taken_from_a_poisoned_cache_of_uv(
    prepare: Callable[..., tuple[Path, str]], tmp_path: Path, index: str
) -> None:
    cache = tmp_path / "uv-cache"
    subprocess.run(
        [uv.find_uv_bin(), "pip", "install", "--quiet", "--no-config", "PyGithub==2.0", "helper==1.0",
         "--python", sys.executable, "--target", str(tmp_path / "somebody")],
        env={"UV_CACHE_DIR": str(cache), "UV_DEFAULT_INDEX": f"{index}/simple"}, check=True,
    )  # fmt: skip
    [cached] = cache.glob("archive-v0/*/github")
    change_with_record(cached.parent)
    before = sorted(cache.rglob("*"))
    packages, said = prepare()
    assert said == "setting up layer-builder (once)\n"
    assert (packages / "github/__init__.py").read_text() == "A = 1\n"
    assert sorted(cache.rglob("*")) == before
