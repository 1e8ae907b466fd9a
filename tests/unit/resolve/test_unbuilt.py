"""What is said where no wheel can be built of sources that come from no index."""

import pytest

from layer_builder.resolve.uv_words import unbuilt

FAILED = "error: Failed to build `a @ file:///x`\n cause: The build backend returned an error\n  {}"
WRITTEN = "what it is built of has no .git: a version that is read from git has to be written down"


@pytest.mark.parametrize(
    ("said", "has_advice"),
    [
        ("setuptools-scm was unable to detect version for /x", True),
        ("LookupError: Error getting the version from source `vcs`: setuptools_scm", True),
        ("KeyError: 'HOME_OF_X'", False),
    ],
)
def test_a_version_that_git_would_tell_is_named(said: str, *, has_advice: bool) -> None:
    problem = unbuilt("a", FAILED.format(said))
    assert problem.message == "no wheel of a could be built"
    assert (WRITTEN in problem.advice) == has_advice
    assert any(line.startswith("backends run isolated") for line in problem.advice)
