import pytest

from layer_builder.errors import (
    AwsError,
    Failure,
    InstallError,
    LayerBuilderError,
    LimitError,
    ManifestError,
    Place,
    Problem,
    ProofError,
    merged,
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


def test_an_aws_error_keeps_its_meaning_when_it_is_told_otherwise(problem: Problem) -> None:
    error = AwsError(
        Problem(message="gone"), failure=Failure.DOUBT, code="X", is_withheld=True, is_unknown=True
    )
    for other in (error.about("core", problem.place), error.with_problems(problem)):
        facts = (other.failure, other.code, other.is_withheld, other.is_unknown)
        assert facts == (Failure.DOUBT, "X", True, True)


def test_an_error_is_about_a_layer_where_it_names_none(problem: Problem) -> None:
    place = Place(file="layers.yml", line=9)
    error = InstallError(problem, Problem(message="gone")).about("other", place)
    assert [(p.layer, p.place) for p in error.problems] == [
        (problem.layer, problem.place),
        ("other", place),
    ]


def test_merged_errors_have_each_problem_once_and_the_gravest_exit_code(problem: Problem) -> None:
    doubtful = AwsError(Problem(message="lost"), failure=Failure.DOUBT)
    both = merged([InstallError(problem), doubtful, InstallError(problem)])
    assert both.exit_code == AwsError.exit_code
    assert both.problems == (problem, *doubtful.problems)
    assert merged([doubtful]) is doubtful
