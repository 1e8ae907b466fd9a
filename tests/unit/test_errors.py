import pytest

from layer_builder.errors import (
    AwsError,
    InstallError,
    LayerBuilderError,
    LimitError,
    ManifestError,
    Place,
    Problem,
    ProofError,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LayerBuilderError, 1),
        (ManifestError, 2),
        (InstallError, 3),
        (ProofError, 4),
        (LimitError, 5),
        (AwsError, 6),
    ],
)
def test_every_kind_of_failure_has_its_exit_code(error: type[LayerBuilderError], code: int) -> None:
    assert error.exit_code == code


def test_a_place_is_written_as_compilers_do() -> None:
    assert str(Place(file="a.yml", line=3, column=7)) == "a.yml:3:7"
    assert str(Place(file="a.yml", line=3)) == "a.yml:3"
    assert str(Place(file="a.yml")) == "a.yml"


def test_a_problem_is_a_letter_with_evidence_and_advice(problem: Problem) -> None:
    assert problem.lines() == [
        "layers.yml:4:3: layer core: 1 + 1 is 3",
        "    first",
        "    second",
        "  → count again",
    ]


def test_an_error_keeps_all_its_problems_in_order(problem: Problem) -> None:
    error = ManifestError(problem, Problem(message="second"))
    assert str(error) == "layer core: 1 + 1 is 3\nsecond"
    assert [one.message for one in error.problems] == ["1 + 1 is 3", "second"]
    assert ManifestError.because("why", layer="a", advice=("do",)).problems == (
        Problem(message="why", layer="a", advice=("do",)),
    )
