"""The SDK that is left to the runtime."""

import pytest

from layer_builder.errors import InstallError
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.prune import sdk
from layer_builder.tree.distributions import Distribution

TARGET = Target(python=Python.PY312, architecture=Architecture.X86_64)


def dist(name: str, *requires: str) -> Distribution:
    return Distribution(name=name, version="1.0", record="", hashes={}, requires=requires)


def test_the_family_is_left_out_as_far_as_it_is_there() -> None:
    installed = [
        dist("boto3"),
        dist("requests", "urllib3<3,>=1.21.1"),
        dist("six"),
        dist("urllib3"),
    ]
    assert [d.name for d in sdk.sdk_left_to_runtime(installed, TARGET)] == [
        "boto3",
        "six",
        "urllib3",
    ]


@pytest.mark.parametrize(
    ("requirement", "said"),
    [
        ("boto3", None),
        ("boto3<2,>=1.38", None),
        ("boto3>=1.39", "app 1.0 needs boto3>=1.39; the runtime may have boto3 1.38.36"),
        ("Python_DateUtil>=2.9", None),
        (
            "python.dateutil<2.9",
            "app 1.0 needs python.dateutil<2.9; the runtime may have python-dateutil 2.9.0.post0",
        ),
        ("urllib3>=2", "app 1.0 needs urllib3>=2; the runtime may have urllib3 1.26.19"),
        ('urllib3>=2; extra == "new"', None),
        ("six>=99", None),  # not installed, so nothing is left out
        ("urllib3 (>dev)", None),  # older than the standard
    ],
)
def test_a_requirement_that_the_runtime_may_not_meet_is_an_error(
    requirement: str, said: str | None
) -> None:
    installed = [dist("app", requirement), dist("boto3"), dist("python-dateutil"), dist("urllib3")]
    if said is None:
        assert len(sdk.sdk_left_to_runtime(installed, TARGET)) == 3
        return
    with pytest.raises(InstallError) as caught:
        sdk.sdk_left_to_runtime(installed, TARGET)
    assert caught.value.problems[0].details == (said,)
