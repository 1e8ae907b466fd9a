import re

import pytest

from layer_builder.model.target import Architecture, Python, Target
from layer_builder.projects import is_pylock, read_pylock

TARGET = Target(python=Python.PY312, architecture=Architecture.ARM64)
LOCK = """\
lock-version = "1.0"
created-by = "tests"
[[packages]]
name = "a"
version = "1.0"
wheels = [
  {name = "a-1.0-py3-none-any.whl", url = "https://example.invalid/a.whl", hashes = {sha256 = "2"}},
  {name = "a-1.0-cp312-none-any.whl", url = "https://example.invalid/b.whl", hashes = {sha256 = "1"}},
]
[[packages]]
name = "b"
version = "2.0"
marker = "MARKER"
[packages.sdist]
name = "b-2.0.tar.gz"
url = "https://example.invalid/b.tar.gz"
hashes = {sha256 = "3"}
"""


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("pylock.toml", True),
        ("locks/pylock.core.toml", True),
        ("pylock.a.b.toml", False),
        ("mypylock.toml", False),
        ("pylock.txt", False),
    ],
)
def test_a_pylock_is_known_by_its_name(path: str, *, expected: bool) -> None:
    assert is_pylock(path) is expected


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("python_version >= '3.12'", ["b==2.0 --hash=sha256:3"]),
        ("platform_machine == 'aarch64'", ["b==2.0 --hash=sha256:3"]),
        ("sys_platform == 'win32'", []),
        ("python_version < '3.12'", []),
    ],
)
def test_a_pylock_gives_what_it_has_for_the_target(marker: str, expected: list[str]) -> None:
    assert list(read_pylock(LOCK.replace("MARKER", marker), None, TARGET).lines) == [
        "a==1.0 --hash=sha256:1 --hash=sha256:2",
        *expected,
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lock-version = '1.0'", "created-by"),
        ("lock-version = ", "Invalid value"),
        (f"a = {'[' * 3000}", "^it nests too deeply to be read$"),
        (re.sub(r"wheels = \[.*?\n\]", "archive = {path = 'a.zip', hashes = {md5 = '1'}}", LOCK,
                flags=re.DOTALL), "^a does not come from an index$"),
        (LOCK.replace("MARKER", "'a' ~= 'b'"), "^the marker of b cannot be evaluated$"),
    ],
)  # fmt: skip
def test_a_pylock_that_cannot_be_used_says_why(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_pylock(text.replace("MARKER", "sys_platform == 'linux'"), None, TARGET)
