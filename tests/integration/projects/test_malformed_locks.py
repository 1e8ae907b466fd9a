"""A lock that is broken, or of a format that nobody here knows: one clear message, and exit 2."""

import os
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from tests.unit.projects.locks import PROJECTS, STANDARD, UV

Run: TypeAlias = Callable[..., CompletedProcess[str]]
PYTHON = f"{sys.version_info[0]}.{sys.version_info[1]}"
MACHINE = os.uname().machine.replace("aarch64", "arm64")
MANIFEST = f"""\
version: 1
python: "{PYTHON}"
architecture: {MACHINE}
layers:
  core: {{project: {{path: shop}}}}
"""
KINDS: Mapping[str, Mapping[str, str]] = {
    **PROJECTS,
    "uv": {"uv.lock": UV, "pyproject.toml": STANDARD},
}


def swapped(pattern: str, new: str) -> Callable[[str], bytes]:
    """Replace what is there for sure."""

    def spoil(lock: str) -> bytes:
        spoiled = re.sub(pattern, new, lock, flags=re.MULTILINE)
        assert spoiled != lock
        return spoiled.encode()

    return spoil


ANY: Mapping[str, tuple[Callable[[str], bytes], str]] = {
    "empty": (lambda _: b"", "."),
    "cut off": (lambda lock: lock[: len(lock) * 2 // 3].encode(), "."),
    "binary": (lambda _: b"\x7fELF\x02\x01\x01\x00\xff\xfe", "is not text in UTF-8"),
    "in UTF-16": (lambda lock: lock.encode("utf-16"), "is not text in UTF-8"),
    "with a conflict of git's": (
        lambda lock: f"<<<<<<< HEAD\n{lock}=======\n>>>>>>> main\n".encode(), "."),
    "nested deeply": (lambda _: b"[" * 5000, "."),
}  # fmt: skip
# The part of a lock that is replaced, and what is said of it.
OWN: Mapping[str, list[tuple[str, str, str, str]]] = {
    "uv": [
        ("of another format", r"^version = 1$", "version = 9", "its version is '9', and locks of 1.x are read"),
        ("of a wrong type", r"\[package.metadata\]\nrequires-dist = \[", "[package.metadata]\nrequires-dist = 5 #[", "."),
        ("without its format", r"^version = 1$", "", "it has no version"),
        ("without packages", r"(?s)\[\[package\]\].*", "", "it has no packages"),
    ],
    "poetry 2": [
        ("of another format", r"lock-version = .*", 'lock-version = "9.0"', "its lock-version is '9.0', and locks of 1.x and 2.x are read"),
        ("of a wrong type", r"^groups = .*", "groups = 5", "groups of app is no list of texts"),
        ("without hashes", r"(?<=, )hash = ", "hush = ", "it has no sha256 of 'app'"),
        ("without names", r"^name = .*", "", "it has a package without a name"),
        ("without metadata", r"(?s)\[metadata\].*", "", "it has no lock-version"),
        ("with a list for a table", r"\[metadata\]", "[[metadata]]", "[metadata] is no table"),
    ],
    "poetry 1": [
        ("of another format", r"lock-version = .*", 'lock-version = "0.9"', "its lock-version is '0.9'"),
        ("without hashes", r"(?<=, )hash = ", "hush = ", "it has no sha256 of 'app'"),
        ("of a wrong type", r"\[package.dependencies\]", "[[package.dependencies]]", "dependencies of app is no table"),
    ],
    "pdm": [
        ("of another format", r"lock_version = .*", 'lock_version = "3.1"', "its lock_version is '3.1', and locks of 4.x are read"),
        ("of a wrong type", r"^groups = .*", "groups = true", "is no list of texts"),
        ("without hashes", r"(?<=, )hash = ", "hush = ", "it has no sha256 of 'app'"),
        ("without versions", r"^version = .*", "", "'app' has no version"),
    ],
    "pipenv": [
        ("of another format", r'"pipfile-spec": 6', '"pipfile-spec": 7', "its pipfile-spec is '7', and locks of 6.x are read"),
        ("of a wrong type", r'"default": \{', '"default": [], "old": {', "a category is no table"),
        ("without hashes", r'"hashes"', '"hushes"', "it has no sha256 of 'app'"),
        ("with a list for all", r"(?s)\A.+\Z", "[]", "the file is no table"),
        ("without _meta", r'"_meta"', '"meta"', "it has no pipfile-spec"),
    ],
    "pylock": [
        ("of another format", r"lock-version = .*", 'lock-version = "9.0"', "9.0"),
        ("of a wrong type", r"^\[\[packages\]\]\nname = .*", "[[packages]]\nname = 5", "name"),
        ("without hashes", r"hashes = \{[^}]*\}", "hashes = {}", "hash"),
        ("without packages", r"\[\[packages\]\]", "[[package]]", "packages"),
    ],
}  # fmt: skip
CASES = [
    *((kind, what, spoil, said) for kind in KINDS for what, (spoil, said) in ANY.items()),
    *(
        (kind, what, swapped(pattern, new), said)
        for kind, rows in OWN.items()
        for what, pattern, new, said in rows
    ),
]


@pytest.mark.parametrize(
    ("kind", "spoil", "said"),
    [pytest.param(kind, spoil, said, id=f"{kind}, {what}") for kind, what, spoil, said in CASES],
)
def test_a_broken_lock_is_one_message_and_exit_2(
    run: Run, workspace: Path, kind: str, spoil: Callable[[str], bytes], said: str
) -> None:
    folder = workspace / "shop"
    folder.mkdir()
    (workspace / "layers.yml").write_text(MANIFEST)
    lock, *others = KINDS[kind]
    (folder / lock).write_bytes(spoil(KINDS[kind][lock]))
    for name in others:
        (folder / name).write_text(KINDS[kind][name])
    done = run("plan")
    assert done.returncode == 2, done.stderr
    (said_first,) = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert said_first.startswith("error: layers.yml:5:19: layer core: "), done.stderr
    assert f"shop/{lock}" in said_first
    assert said in said_first
    assert "out of date" not in said_first
    assert len(said_first) < 300
    assert "Traceback" not in done.stderr
