from collections.abc import Callable

import pytest

from layer_builder.builder import limit_problems
from layer_builder.model.build import BuildDetails, Built, Package
from layer_builder.model.limits import MIB, Budget
from layer_builder.model.settings import PruneProfile


def package(name: str, kept: int) -> Package:
    return Package(name=name, version="1.0", bytes_installed=kept + 1, bytes_kept=kept)


def test_a_layer_over_the_zip_limit_says_why_and_what_weighs_most(
    built: Callable[..., Built],
) -> None:
    details = BuildDetails(
        packages=(package("boto3", 1000), package("botocore", 20 * MIB)), included_bytes=77
    )
    over = built(zip_bytes=50 * MIB + 1, details=details)
    (problem,) = limit_problems.problems_over_limits(over)
    assert "\n".join(problem.lines()) == (
        "layers.yml:4:3: layer core: zip 50.0 MiB is over AWS's limit for a zip"
        " sent in the request: 50.0 MiB, 1 B too many\n"
        "    why: a zip is sent inside a JSON request as base64, and AWS takes 50 MiB of zip (a body"
        " smaller than 70,167,211 bytes); through S3 there is no such limit\n"
        "    heaviest distributions, unzipped:\n"
        "      20.0 MiB  botocore 1.0\n"
        "        1000 B  boto3 1.0\n"
        "          77 B  files of the workspace\n"
        "  → set s3-bucket: a zip in S3 has no limit but the 250 MiB unzipped"
    )


def test_a_layer_over_the_unzipped_limit_hears_of_container_images(
    built: Callable[..., Built],
) -> None:
    over = built(unzipped_bytes=300 * MIB, through_s3=True, prune=PruneProfile.AGGRESSIVE)
    (problem,) = limit_problems.problems_over_limits(over)
    assert problem.message == (
        "unzipped 300.0 MiB is over AWS's limit for everything unzipped:"
        " 250.0 MiB, 50.0 MiB too many"
    )
    assert problem.advice == (
        "drop: leaves out what you name",
        "what cannot fit 250 MiB runs as a container image (10 GiB)",
    )


def test_only_the_ten_heaviest_are_listed_heaviest_first() -> None:
    packages = tuple(package(f"p{number:02}", number) for number in range(12))
    lines = limit_problems.heaviest(packages, 0)
    assert lines[0] == "      11 B  p11 1.0"
    assert (len(lines), lines[-1]) == (10, "       2 B  p02 1.0")


@pytest.mark.parametrize(
    ("zip_bytes", "told"),
    [
        (8 * MIB - 1, []),
        (8 * MIB, ["zip 8.0 MiB is 80% of limits.zip of the manifest (10.0 MiB); 2.0 MiB left"]),
        (10 * MIB, ["zip 10.0 MiB is 100% of limits.zip of the manifest (10.0 MiB); 0 B left"]),
        (10 * MIB + 1, []),
    ],
)
def test_a_layer_is_near_from_its_warn_at_up_to_the_limit(
    built: Callable[..., Built], zip_bytes: int, told: list[str]
) -> None:
    near = limit_problems.problems_near_limits(
        built(zip_bytes=zip_bytes, budget=Budget(zip_bytes=10 * MIB))
    )
    assert [problem.message for problem in near] == told


def test_how_near_is_near_is_the_users_choice(built: Callable[..., Built]) -> None:
    made = built(zip_bytes=5 * MIB, budget=Budget(zip_bytes=10 * MIB, warn_at=0.5))
    assert [str(problem.place) for problem in limit_problems.problems_near_limits(made)] == [
        "layers.yml:4:3"
    ]
    assert limit_problems.problems_over_limits(made) == []


def test_nobody_is_sent_to_s3_for_a_budget_of_their_own(built: Callable[..., Built]) -> None:
    (problem,) = limit_problems.problems_over_limits(
        built(zip_bytes=2 * MIB, budget=Budget(zip_bytes=MIB))
    )
    assert not [line for line in problem.advice if "s3-bucket" in line]
