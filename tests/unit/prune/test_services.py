"""Whose data stays: of the services named, or of those that code asks for."""

from collections.abc import Sequence

import pytest

from layer_builder.errors import ManifestError
from layer_builder.model.prune_plan import InstalledFile, ServiceUse
from layer_builder.model.settings import Sdk, SdkPolicy
from layer_builder.prune.services import ServiceSelection, select_services
from layer_builder.sdk_services import ServiceNeeds

S3, SQS, STS = (
    f"botocore/data/{name}/2020-01-01/service-2.json.gz" for name in ("s3", "sqs", "sts")
)
RESOURCES = "boto3/data/ec2/2016-11-15/resources-1.json"
DATA = [S3, SQS, STS, RESOURCES, "boto3/data/s3/2006-03-01/resources-1.json"]
OTHERS = ["botocore/data/endpoints.json", "botocore/data/s3.py", "other/botocore/data/ec2/x.json"]
AUTO = Sdk(policy=SdkPolicy.AUTO)


def select(
    sdk: Sdk,
    needs: ServiceNeeds | None = None,
    paths: Sequence[str] = (*DATA, *OTHERS),
    **code: str,
) -> ServiceSelection:
    sources = {f"{name}.py": text.encode() for name, text in code.items()}
    files = [InstalledFile(path=path, size=10) for path in (*paths, *sources)]
    owners = {file.path: file.path.partition("/")[0].removesuffix(".py") for file in files}
    return select_services(
        sdk, files, owners, needs or ServiceNeeds(), lambda path: sources.get(path, b"")
    )


def services(*names: str) -> Sdk:
    return Sdk(policy=SdkPolicy.SERVICES, services=names)


def test_data_of_services_that_nobody_listed_goes_but_not_what_credentials_need() -> None:
    assert select(services("s3")).unwanted == {SQS, RESOURCES}
    assert select(services("s3", "sqs", "ec2")).unwanted == set()


@pytest.mark.parametrize(
    ("paths", "service", "advice"),
    [((*DATA,), "sqss", "did you mean 'sqs'?"), ((), "s3", "the layer has no botocore")],
)
def test_an_unknown_service_is_an_error(paths: tuple[str, ...], service: str, advice: str) -> None:
    with pytest.raises(ManifestError) as caught:
        select(services(service), paths=paths)
    (problem,) = caught.value.problems
    assert problem.message == f"sdk: botocore has no service '{service}'"
    assert problem.advice == (advice,)


def test_omitted_services_are_warned_of_with_the_first_line_that_asks() -> None:
    b = "import boto3\nboto3.client('ec2')"
    a = "import boto3\nboto3.client('ec2')\nboto3.client('s3')\nboto3.client('sts')"
    (problem,) = select(services("s3"), b=b, a=a).warnings
    assert problem.message == "sdk: a.py:2 asks for the service 'ec2', whose data is left out"
    assert problem.advice == ("add ec2 to sdk:",)


def test_what_code_asks_for_stays_whoever_asks() -> None:
    needs = ServiceNeeds(uses=(ServiceUse(service="s3", place="src/app.py:3"),))
    chosen = select(AUTO, needs, a="import boto3\nboto3.client('sqs')\nboto3.client('no-such')")
    assert chosen.unwanted == {RESOURCES}
    assert chosen.warnings == ()
    assert chosen.services is not None
    assert [(use.service, use.place) for use in chosen.services.uses] == [
        ("s3", "src/app.py:3"),
        ("sqs", "a.py:2"),
        ("sts", "botocore's credentials"),
    ]
    assert (chosen.services.known, chosen.services.bytes_left_out) == (4, 10)


def test_the_familys_own_calls_ask_for_nothing() -> None:
    variable = "import botocore\ndef f(n): botocore.session.get_session().create_client(n)"
    needs = ServiceNeeds(uses=(ServiceUse(service="s3", place="app.py:3"),))
    names = ("boto3", "botocore", "s3transfer", "aioboto3", "aiobotocore")
    for name in names:
        code = {name: variable}
        assert select(AUTO, needs, DATA, **code).unwanted == {SQS, RESOURCES}


def test_a_distribution_that_does_not_say_which_keeps_everything() -> None:
    needs = ServiceNeeds(uses=(ServiceUse(service="s3", place="app.py:3"),))
    wrapper = "import boto3\n\ndef make(service):\n    return boto3.client(service)\n"
    chosen = select(AUTO, needs, wrapper=wrapper)
    assert chosen.unwanted == set()
    (problem,) = chosen.warnings
    assert problem.message == (
        "sdk: auto keeps the data of all services: wrapper.py:4 does not say which it asks for"
    )
    assert problem.details == ("wrapper.py:4: boto3.client(service)",)
    assert chosen.services is not None
    assert chosen.services.all_because == ("wrapper.py:4: boto3.client(service)",)


@pytest.mark.parametrize(
    "needs",
    [
        ServiceNeeds(),
        ServiceNeeds(uses=(ServiceUse(service="no-such", place="app.py:3"),)),
        ServiceNeeds(
            uses=(ServiceUse(service="s3", place="app.py:3"),), unseen=("function f is not here",)
        ),
    ],
)
def test_where_nobody_asks_or_not_all_was_seen_everything_stays(needs: ServiceNeeds) -> None:
    chosen = select(AUTO, needs)
    assert chosen.unwanted == set()
    assert chosen.services is not None
    assert len(chosen.services.reasons) == 1


def test_without_any_data_there_is_nothing_to_choose() -> None:
    assert select(AUTO, paths=("a.py",)) == ServiceSelection()
