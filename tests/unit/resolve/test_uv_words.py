"""What uv 0.13.9 says, word for word, and what is made of it."""

import pytest

from layer_builder.model import Architecture, Python, Target
from layer_builder.resolve.uv_words import find_missing_wheel, unmet

START = "error: No solution found when resolving dependencies\n  cause: "
END = "we can conclude that your requirements are unsatisfiable."
EXCLUDING = {
    "passing over a version without wheels": """\
Because requests>=2.33.0 depends on urllib3>=1.26 and requests>=2.32.0,<=2.32.1 has no usable wheels, we can conclude that requests>=2.32.0,<=2.32.1 depends on urllib3>=1.26.
         And because requests>=2.32.2,<=2.32.5 depends on urllib3>=1.21.1, we can conclude that requests>=2.32.0 depends on urllib3>=1.21.1.
         And because you require urllib3<1.20 and requests>=2.32, """,
    "said of one": "Because you require urllib3<1.20 and urllib3>2, ",
    "through a dependency": """\
Because flask==3.0.0 depends on werkzeug>=3.0.0 and you require flask==3.0.0, we can conclude that you require werkzeug>=3.0.0.
         And because you require werkzeug<2, """,
}
MISSING = {
    (
        "psycopg2",
        None,
    ): "Because all versions of psycopg2 have no usable wheels and you require psycopg2, ",
    (
        "numpy",
        "1.24.0",
    ): "Because numpy==1.24.0 has no usable wheels and you require numpy==1.24.0, ",
    ("torch", "1.0.0"): """\
Because torch==1.0.0 has no wheels with a matching Python ABI tag (e.g., `cp312`) and you require torch==1.0.0, """,
    ("b", "2"): """\
Because a==1 depends on b==2 and you require a==1, we can conclude that you require b==2.
         And because b==2 has no usable wheels, """,
}
TARGET = Target(python=Python.PY312, architecture=Architecture.X86_64)


@pytest.mark.parametrize("words", EXCLUDING.values(), ids=EXCLUDING)
def test_a_conflict_is_told_as_one_and_not_as_a_missing_wheel(words: str) -> None:
    output = f"{START}{words}{END}\n"
    assert find_missing_wheel(output) is None
    assert unmet(output, TARGET, {}).message == (
        "the requirements cannot be met for 3.12-x86_64: their versions exclude each other"
    )


@pytest.mark.parametrize(("missing", "words"), MISSING.items(), ids=str)
def test_a_missing_wheel_is_found(missing: tuple[str, str | None], words: str) -> None:
    assert find_missing_wheel(f"{START}{words}{END}\n") == missing


def test_what_is_neither_is_told_in_words_of_uv_alone() -> None:
    output = f"{START}Because there is no version of demo==9 and you require demo==9, {END}\n"
    assert find_missing_wheel(output) is None
    assert unmet(output, TARGET, {}).message == "the requirements cannot be met for 3.12-x86_64"
