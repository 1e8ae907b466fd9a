"""How a guide is read and compared: a wrong word must be seen."""

import os
from pathlib import Path

import pytest

from . import page
from .page import Command, Played


@pytest.mark.parametrize(
    ("told", "came", "flaw"),
    [
        (["a …", "…", "c"], ["a 1 s", "b", "b", "c"], ""),
        (["…"], [], ""),
        ([], [], ""),
        (["…", "b"], ["b", "a", "b"], ""),
        (["a"], ["b"], "there is no line 'a'"),
        (["a", "c"], ["a", "b", "c"], "there is no line 'c'"),
        (["a"], ["a", "b"], "there is more than told: 'b'"),
        (["a.c"], ["abc"], "there is no line 'a.c'"),
    ],
)
def test_lines_are_compared(told: list[str], came: list[str], flaw: str) -> None:
    assert page.difference(told, came) == flaw


PAGE = """\
`a/b.txt`, now:

```text
one two
```

```console
$ cd a
$ export WORD=three
$ cat b.txt; echo $WORD \\
  four >&2
one two
three four
$ ls nothing
ls: …
$ echo $?
2
```
"""


@pytest.mark.parametrize(
    ("word", "other", "flaw"),
    [
        ("two\nthree", "two\nthree", None),
        ("three four", "three for", "there is no line 'three for' in:\none two\nthree four"),
        ("one two\n```", "one\n```", "there is no line 'one two' in:\none\nthree four"),
        ("cd a", "cd c", "$ cd c\nended with 1:"),
        ("$ echo $?\n2\n", "", "$ ls nothing\nended with 2:"),
    ],
)
def test_a_wrong_word_is_a_flaw(tmp_path: Path, word: str, other: str, flaw: str | None) -> None:
    (tmp_path / "notes").mkdir()
    text = PAGE.replace(word, other, 1)
    found = page.flaws(page.play(page.read(text), tmp_path, tmp_path / "notes", os.environ))
    assert flaw in found[0] if flaw else found == []


def test_an_exit_code_is_a_flaw_unless_it_is_shown() -> None:
    fails, shows = Command(line="false", output=[]), Command(line="echo $?", output=["1"])
    failed, shown = Played(code=1, output=[]), Played(code=0, output=["1"])
    assert page.flaws([(fails, failed), (shows, shown)]) == []
    assert page.flaws([(fails, failed)]) == ["$ false\nended with 1:\n"]


@pytest.mark.parametrize(
    "text",
    ["Run this:\n\n```sh\nrm -r x\n```\n", "```yaml\na: 1\n```\n", "```console\nno prompt\n```\n"],
)
def test_a_block_that_nothing_tries_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"nothing tries|begins with a command"):
        page.read(text)
