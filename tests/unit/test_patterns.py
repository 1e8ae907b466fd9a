"""Patterns mean what they mean to git, and no pattern takes long."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from layer_builder.patterns import PathPatterns

GLOBS = st.lists(
    st.sampled_from(["a", "b", "*", "?", "**", "/", "/**/", "**/", "[ab]", "[!a]", "c.", "*a"]),
    min_size=1, max_size=8,
).map("".join)  # fmt: skip
PATHS = st.lists(st.text("abc.", min_size=1, max_size=4), min_size=1, max_size=6).map("/".join)


@given(st.lists(st.tuples(st.booleans(), GLOBS), min_size=1, max_size=3), st.lists(PATHS))
def test_they_match_what_pathspec_matches(globs: list[tuple[bool, str]], paths: list[str]) -> None:
    patterns = [f"{'!' if negated else ''}{glob}" for negated, glob in globs]
    try:
        # Its own [!a] matches a slash, too, which git's does not.
        theirs = [pattern.replace("[!a]", "[bc.]") for pattern in patterns]
        expected = set(GitIgnoreSpec.from_lines(theirs).match_files(paths))
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            PathPatterns(patterns)
        return
    assert set(PathPatterns(patterns).matching(paths)) == expected


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 30 + "b", "a" * 250),
        ("*" * 2000 + "b", "a" * 250),
        ("?*" * 100 + "b", "a" * 250),
        ("[ab]*" * 60 + "c", "ab" * 120),
        ("**/a/" * 30 + "b", "a/" * 2000 + "c"),
        ("*a" * 30 + "b", f"{'a' * 250}/" * 16 + "c"),
        ("**/" + "*a" * 30 + "/b/**/c", f"{'a' * 250}/" * 16 + "c"),
        ("/**/".join(["*a*a"] * 20), f"{'a' * 100}b/" * 40 + "c"),
    ],
)
def test_no_pattern_takes_long(pattern: str, path: str) -> None:
    began = time.process_time()
    assert not PathPatterns([pattern]).matches(path)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("a[!b]c", "a/c", False),
        ("a[!b]c", "adc", True),
        ("[z-a]", "z", False),
        ("[!z-a]", "z", True),
        ("[[a]", "[", True),
        ("[a-]", "-", True),
        ("[]a]", "]", True),
        (r"\*.py", "*.py", True),
        (r"\*.py", "a.py", False),
        ("a", "a\nb/a", True),
        ("/a/**/b", "a/c\nd/b", True),
        ("[a", "[a", False),
        (r"\[a", "[a", True),
    ],
)
def test_classes_and_signs(pattern: str, path: str, matches: bool) -> None:  # noqa: FBT001 (a column of the table)
    assert PathPatterns([pattern]).matches(path) is matches


@pytest.mark.parametrize("pattern", ["a\\", "a" * 4097, "!"])
def test_what_git_does_not_take_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        PathPatterns([pattern])
