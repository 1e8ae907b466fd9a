"""The three policies for the AWS SDK."""

import pytest

from layer_builder.errors import InstallError, ManifestError
from layer_builder.model.settings import Sdk, SdkPolicy
from layer_builder.model.target import Architecture, Python, Target
from layer_builder.prune import sdk
from layer_builder.tree.distributions import Distribution

TARGET = Target(python=Python.PY312, architecture=Architecture.X86_64)


def dist(name: str, *requires: str) -> Distribution:
    return Distribution(name=name, version="1.0", record="", hashes={}, requires=requires)


DATA = [
    "botocore/data/s3/2006-03-01/service-2.json.gz",
    "botocore/data/sqs/2012-11-05/service-2.json.gz",
    "boto3/data/s3/2006-03-01/resources-1.json",
    "boto3/data/ec2/2016-11-15/resources-1.json",
    "botocore/data/endpoints.json",
    "botocore/data/s3.py",
    "other/botocore/data/ec2/x.json",
]


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


def test_data_of_services_that_nobody_listed_is_unwanted() -> None:
    assert sdk.unwanted_service_data(DATA, ["s3"]) == [DATA[3], DATA[1]]
    assert sdk.unwanted_service_data(DATA, ["s3", "sqs", "ec2"]) == []


@pytest.mark.parametrize(
    ("paths", "service", "advice"),
    [(DATA, "sqss", "did you mean 'sqs'?"), ([], "s3", "the layer has no botocore")],
)
def test_an_unknown_service_is_an_error(paths: list[str], service: str, advice: str) -> None:
    with pytest.raises(ManifestError) as caught:
        sdk.unwanted_service_data(paths, [service])
    (problem,) = caught.value.problems
    assert problem.message == f"sdk: botocore has no service '{service}'"
    assert problem.advice == (advice,)


@pytest.mark.parametrize(
    ("line", "service"),
    [
        ("boto3.client('s3')", "s3"),
        ('session.client("sqs", region_name="x")', "sqs"),
        ("resource(service_name='dynamodb')", "dynamodb"),
        ("core.create_client(\n    'cognito-idp')", "cognito-idp"),
        ("my_client('s3')", None),
        ("boto3.client(name)", None),
        ("boto3.client(f'{x}')", None),
        ("client('No Service')", None),
    ],
)
def test_services_are_found_where_code_names_them(line: str, service: str | None) -> None:
    found = sdk.requested_services({"app.py": f"import boto3\n\nx = {line}\n".encode()})
    assert found == ({service: "app.py:3"} if service else {})


def test_omitted_services_are_warned_of_with_the_first_line_that_asks() -> None:
    sources = {"b.py": b"client('ec2')", "a.py": b"\nclient('ec2')\nclient('s3')"}
    asked = Sdk(policy=SdkPolicy.SERVICES, services=("s3",))
    data = ["botocore/data/ec2/service-2.json", "botocore/data/sqs/service-2.json"]
    (problem,) = sdk.service_warnings(asked, sources, data, sources.__getitem__)
    assert problem.message == "sdk: a.py:2 asks for the service 'ec2', whose data is left out"
    assert problem.advice == ("add ec2 to sdk:",)
