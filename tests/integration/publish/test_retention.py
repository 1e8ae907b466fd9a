"""Old layer versions go when nobody uses them, and only then; AWS by moto, looked at afterwards."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import boto3
import pytest

from ..cloud.answers import Answer, json_answer, refusal
from ..cloud.calls import Call
from ..cloud.faults import Fault, Trouble
from ..cloud.paging import Paging
from ..cloud.proxy import Proxy
from ..conftest import REGION

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Connect: TypeAlias = Callable[..., Any]
Api: TypeAlias = Any  # a client: boto3 makes its classes at run time

ARN = "arn:aws:lambda:{}:123456789012:layer:{}:{}"
OTHER = "999999999999"
OLD = 5
"""Versions that are there before a test publishes the sixth."""


class Amend:
    """An AWS that refuses some operations, and answers others as a test wants it."""

    def __init__(
        self,
        refused: str = "",
        amended: Callable[[Call, Answer], Answer] = lambda _, answer: answer,
        region: str = "",
    ) -> None:
        self.refused, self.amended, self.region = refused, amended, region

    def refuse(self, call: Call) -> Answer | None:
        if call.operation != self.refused or self.region not in call.region:
            return None
        return refusal(call, 403, "AccessDeniedException", "not authorized")

    def amend(self, call: Call, answer: Answer) -> Answer:
        return self.amended(call, answer)


def write(workspace: Path, settings: str = "retain: 2", keys: tuple[str, ...] = ("code",)) -> None:
    (workspace / "a.py").write_text("A = 1\n")
    more = f", {settings}" if settings else ""
    layers = "".join(f"  {key}: {{include: a.py{more}}}\n" for key in keys)
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "3.12"\nproof: off\nlayers:\n{layers}'
    )


OURS = f"[llb1 {'k' * 22} workspace:layers.yml -]"
"""The stamp of an older version: without git, a manifest's folder says whose its layers are."""


def put(api: Api, content: str, name: str = "code", stamp: str = OURS) -> None:
    api.publish_layer_version(
        LayerName=name, Content={"ZipFile": zipped(content)}, Description=stamp
    )


def zipped(content: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as file:
        file.writestr("python/a.py", content)
    return data.getvalue()


@pytest.fixture
def api(client: Connect, workspace: Path) -> Api:
    """Open a client of an AWS that has five versions of the layer."""
    write(workspace)
    made = client("lambda")
    for number in range(OLD):
        put(made, str(number))
    return made


@pytest.fixture
def function(client: Connect) -> Callable[..., None]:
    """Make a function with these versions of the layer."""
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]

    def make(name: str, *numbers: int, region: str = REGION, layer: str = "code") -> None:
        client("lambda", region).create_function(
            FunctionName=name,
            Runtime="python3.12",
            Role=role,
            Handler="a.b",
            Code={"ZipFile": zipped("")},
            Layers=[ARN.format(region, layer, number) for number in numbers],
        )

    return make


def numbers(api: Api, name: str = "code") -> list[int]:
    listed = api.list_layer_versions(LayerName=name)["LayerVersions"]
    return sorted(version["Version"] for version in listed)


def delivery(workspace: Path, region: str = REGION) -> dict[str, Any]:
    read = json.loads((workspace / "dist/layers/report.json").read_text())
    found: dict[str, Any] = read["layers"][0]["delivery"].get(region, {})
    return found


def retired(workspace: Path, region: str = REGION) -> list[int]:
    found = delivery(workspace, region).get("retired", [])
    return [int(item["arn"].rpartition(":")[2]) for item in found]


def kept(workspace: Path, region: str = REGION) -> dict[int, str]:
    found = delivery(workspace, region).get("kept", [])
    return {int(item["arn"].rpartition(":")[2]): item["why"] for item in found}


def test_without_retain_nothing_is_deleted(
    run: Run, workspace: Path, api: Api, proxy: Proxy
) -> None:
    write(workspace, "")
    assert run("publish", env={"AWS_ENDPOINT_URL": proxy.url}).returncode == 0
    assert numbers(api) == [1, 2, 3, 4, 5, 6]
    assert {"ListFunctions", "DeleteLayerVersion"} & set(proxy.operations()) == set()


@pytest.mark.parametrize("page", [1, 100])
def test_the_newest_stay_and_the_others_go(
    run: Run, workspace: Path, api: Api, proxy: Proxy, page: int
) -> None:
    proxy.rules = [Paging(page)]
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert numbers(api) == [5, 6]
    assert "code: deleted versions of code in eu-west-1: 1, 2, 3, 4\n" in done.stderr
    assert (retired(workspace), kept(workspace)) == ([1, 2, 3, 4], {})
    first = delivery(workspace)["retired"][0]
    assert first["arn"] == ARN.format(REGION, "code", 1)
    assert first["created"].startswith("20")
    assert "in eu-west-1, deleted: 1, 2, 3, 4" in (workspace / "dist/layers/report.md").read_text()
    assert (
        "in eu-west-1, deleted: 1, 2, 3, 4" in (workspace / "dist/layers/report.html").read_text()
    )


def test_what_is_published_last_is_the_newest_that_stays(
    run: Run, workspace: Path, api: Api
) -> None:
    write(workspace, "retain: 1")
    assert run("publish").returncode == 0
    assert numbers(api) == [6]
    assert run("publish").returncode == 0
    assert numbers(api) == [6]
    assert (retired(workspace), kept(workspace)) == ([], {})


def test_what_functions_use_stays(
    run: Run, workspace: Path, api: Api, proxy: Proxy, function: Callable[..., None]
) -> None:
    function("latest", 1)
    function("api", 2)
    api.publish_version(FunctionName="api")
    api.update_function_configuration(FunctionName="api", Layers=[ARN.format(REGION, "code", 3)])
    api.publish_version(FunctionName="api")
    api.create_alias(FunctionName="api", Name="live", FunctionVersion="2")
    api.update_function_configuration(FunctionName="api", Layers=[])
    proxy.rules = [Paging(1)]
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert numbers(api) == [1, 2, 3, 5, 6]
    assert retired(workspace) == [4]
    assert kept(workspace) == {1: "used by latest", 2: "used by api:1", 3: "used by api:2"}
    assert f"    {ARN.format(REGION, 'code', 3)}: used by api:2\n" in done.stderr
    assert "version 3: used by api:2" in (workspace / "dist/layers/report.md").read_text()


def test_what_others_may_use_stays(run: Run, workspace: Path, api: Api) -> None:
    grants: dict[int, dict[str, str]] = {
        1: {"StatementId": "partner", "Principal": OTHER},
        2: {"StatementId": f"layer-builder-{OTHER}", "Principal": OTHER},
        3: {"StatementId": "mine", "Principal": "123456789012"},
    }
    for number, grant in grants.items():
        api.add_layer_version_permission(
            LayerName="code", VersionNumber=number, Action="lambda:GetLayerVersion", **grant
        )
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert numbers(api) == [1, 2, 3, 5, 6]
    said = "its policy lets others use it: {}"
    assert kept(workspace) == {
        1: said.format(f"{OTHER} (statement partner)"),
        2: said.format(f"account {OTHER}"),
        3: said.format("123456789012 (statement mine)"),
    }


def test_the_young_stay(run: Run, workspace: Path, api: Api, proxy: Proxy) -> None:
    def age(call: Call, answer: Answer) -> Answer:
        if call.operation != "ListLayerVersions":
            return answer
        data = json.loads(answer.body)
        for item in data["LayerVersions"]:
            if item["Version"] <= 2:
                item["CreatedDate"] = "2020-02-29T23:59:59.123+0000"
        return json_answer(data)

    write(workspace, "retain: {versions: 1, days: 30}")
    proxy.rules = [Amend(amended=age)]
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert numbers(api) == [3, 4, 5, 6]
    assert retired(workspace) == [1, 2]
    assert set(kept(workspace)) == {3, 4, 5}
    assert all(why.startswith("younger than 30 days: of 20") for why in kept(workspace).values())


def test_a_dry_run_says_what_would_go_once_the_new_one_is_there(
    run: Run, workspace: Path, api: Api, function: Callable[..., None]
) -> None:
    function("api", 3)
    done = run("publish", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert numbers(api) == [1, 2, 3, 4, 5]
    assert "code: would delete versions of code in eu-west-1: 1, 2, 4\n" in done.stderr
    assert (retired(workspace), kept(workspace)) == ([1, 2, 4], {3: "used by api"})
    assert "would be deleted: 1, 2, 4" in (workspace / "dist/layers/report.md").read_text()
    assert run("publish").returncode == 0
    assert numbers(api) == [3, 5, 6]


def test_a_rerun_finishes_what_was_left(run: Run, workspace: Path, api: Api, proxy: Proxy) -> None:
    env = {"AWS_ENDPOINT_URL": proxy.url}
    proxy.rules = [Amend(refused="DeleteLayerVersion")]
    first = run("publish", env=env)
    assert first.returncode == 0, first.stderr
    assert "old versions in eu-west-1 are still there: 1, 2, 3, 4: AWS does not allow" in (
        first.stderr
    )
    assert "lambda:DeleteLayerVersion" in first.stderr
    assert proxy.operations().count("DeleteLayerVersion") == 1
    assert (numbers(api), retired(workspace)) == ([1, 2, 3, 4, 5, 6], [])
    proxy.rules = []
    second = run("publish", env=env)
    assert f"code: unchanged in eu-west-1: {ARN.format(REGION, 'code', 6)}\n" in second.stderr
    assert (numbers(api), retired(workspace)) == ([5, 6], [1, 2, 3, 4])


@pytest.mark.parametrize(
    "fault", [Fault.INTERNAL, Fault.RESET_AFTER, Fault.TRUNCATED, Fault.MALFORMED, Fault.THROTTLED]
)
def test_a_delete_without_a_clear_answer_is_repeated(
    run: Run, workspace: Path, api: Api, proxy: Proxy, fault: Fault
) -> None:
    proxy.troubles = (Trouble(fault=fault, operation="DeleteLayerVersion"),)
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert (numbers(api), retired(workspace)) == ([5, 6], [1, 2, 3, 4])
    assert "warning" not in done.stderr


@pytest.mark.parametrize("operation", ["ListFunctions", "GetLayerVersionPolicy"])
@pytest.mark.parametrize("flag", [[], ["--dry-run"]], ids=["", "dry run"])
def test_what_may_not_be_asked_stops_all_deleting(  # noqa: PLR0913, PLR0917 (the fixtures it needs)
    run: Run, workspace: Path, api: Api, proxy: Proxy, operation: str, flag: list[str]
) -> None:
    write(workspace, keys=("code", "more"))
    for number in range(3):
        put(api, str(number), "more")
    proxy.rules = [Amend(refused=operation)]
    done = run("publish", *flag, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert "DeleteLayerVersion" not in proxy.operations()
    assert {1, 2, 3, 4, 5} <= set(numbers(api))
    assert "warning: no old versions are deleted in eu-west-1, since it is not known" in done.stderr
    assert f"AWS does not allow {operation}" in done.stderr
    assert "retain: needs lambda:ListFunctions on *" in done.stderr
    assert (retired(workspace), kept(workspace)) == ([], {})


@pytest.mark.parametrize("fault", [Fault.INTERNAL, Fault.TRUNCATED, Fault.MALFORMED])
@pytest.mark.parametrize("operation", ["ListFunctions", "GetLayerVersionPolicy"])
def test_what_aws_cannot_tell_stops_all_deleting(
    run: Run, api: Api, proxy: Proxy, operation: str, fault: Fault
) -> None:
    proxy.troubles = (Trouble(fault=fault, operation=operation, times=None),)
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert "warning: no old versions are deleted in eu-west-1" in done.stderr
    assert numbers(api) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("operation", "data"),
    [
        ("ListFunctions", {}),
        ("ListFunctions", {"Functions": [{"FunctionName": "api", "Layers": [{}]}]}),
        ("GetLayerVersionPolicy", {}),
        ("GetLayerVersionPolicy", {"Policy": "{}"}),
        ("GetLayerVersionPolicy", {"Policy": '{"Statement": ["?"]}'}),
    ],
)
def test_an_answer_that_lacks_what_is_asked_for_is_no_permission_to_delete(
    run: Run, api: Api, proxy: Proxy, operation: str, data: object
) -> None:
    proxy.rules = [
        Amend(
            amended=lambda call, answer: (
                json_answer(data) if call.operation == operation else answer
            )
        )
    ]
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert "warning: no old versions are deleted in eu-west-1" in done.stderr
    assert numbers(api) == [1, 2, 3, 4, 5, 6]


def test_the_list_of_versions_that_fails_after_publishing_stops_deleting_and_nothing_else(
    run: Run, api: Api, proxy: Proxy
) -> None:
    proxy.troubles = (
        Trouble(fault=Fault.INTERNAL, operation="ListLayerVersions", nth=3, times=None),
    )
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert "warning: no old versions are deleted in eu-west-1" in done.stderr
    assert numbers(api) == [1, 2, 3, 4, 5, 6]


def test_nothing_goes_where_something_of_the_run_failed(
    run: Run, workspace: Path, client: Connect, api: Api, proxy: Proxy
) -> None:
    other = client("lambda", "us-east-1")
    for number in range(3):
        put(other, str(number))
    proxy.rules = [Amend(refused="PublishLayerVersion", region="us-east-1")]
    done = run(
        "publish", "--aws-region", f"{REGION},us-east-1", env={"AWS_ENDPOINT_URL": proxy.url}
    )
    assert done.returncode == 6
    assert numbers(api) == [5, 6]
    assert numbers(other) == [1, 2, 3]
    assert (retired(workspace), retired(workspace, "us-east-1")) == ([1, 2, 3, 4], [])


def test_each_region_has_its_own_users(
    run: Run, workspace: Path, client: Connect, api: Api, function: Callable[..., None]
) -> None:
    other = client("lambda", "us-east-1")
    for number in range(3):
        put(other, str(number))
    function("api", 1, region="us-east-1")
    done = run("publish", "--aws-region", f"{REGION},us-east-1")
    assert done.returncode == 0, done.stderr
    assert (numbers(api), numbers(other)) == ([5, 6], [1, 3, 4])
    assert kept(workspace) == {}
    assert kept(workspace, "us-east-1") == {1: "used by api"}


def test_only_layers_of_the_run_with_retain_lose_versions(
    run: Run, workspace: Path, api: Api
) -> None:
    write(workspace, keys=("code", "more"))
    for number in range(3):
        put(api, str(number), "more")
        put(api, str(number), "theirs")
    done = run("publish", "--layers", "more")
    assert done.returncode == 0, done.stderr
    assert numbers(api) == [1, 2, 3, 4, 5]
    assert numbers(api, "more") == [3, 4]
    assert numbers(api, "theirs") == [1, 2, 3]


GIB = 1024**3


@pytest.mark.parametrize(
    ("used", "warned"),
    [(239, ""), (240, "240.0 GiB used, 80% of 300.0 GiB; 60.0 GiB left"),
     (310, "310.0 GiB used, 103% of 300.0 GiB; 0.0 GiB left")],
)  # fmt: skip
def test_code_storage_that_fills_up_is_warned_of_once_a_region(
    run: Run, workspace: Path, proxy: Proxy, used: int, warned: str
) -> None:
    def settings(call: Call, answer: Answer) -> Answer:
        if call.operation != "GetAccountSettings":
            return answer
        data = {"TotalCodeSize": 300 * GIB}, {"TotalCodeSize": used * GIB}
        return json_answer(dict(zip(("AccountLimit", "AccountUsage"), data, strict=True)))

    write(workspace, "", keys=("code", "more"))
    proxy.rules = [Amend(amended=settings)]
    words = ["publish", "--aws-region", f"{REGION},us-east-1"]
    done = run(*words, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert proxy.operations().count("GetAccountSettings") == 2
    for region in (REGION, "us-east-1"):
        assert (f"warning: code storage in {region}: {warned}" in done.stderr) is bool(warned)
    run(*words, env={"AWS_ENDPOINT_URL": proxy.url})
    assert proxy.operations().count("GetAccountSettings") == 2


def test_code_storage_that_aws_does_not_tell_is_left_alone(
    run: Run, workspace: Path, proxy: Proxy
) -> None:
    write(workspace, "")
    proxy.rules = [Amend(refused="GetAccountSettings")]
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert "GetAccountSettings" in proxy.operations()
    assert "warning" not in done.stderr


def test_the_sandbox_has_retention_too(run: Run, workspace: Path) -> None:
    write(workspace)
    done = run("publish", "--sandbox", env={"AWS_ENDPOINT_URL": None})
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr


@pytest.fixture
def stack(ministack: str) -> Iterator[Any]:
    """Open a Lambda client of ministack."""
    session = boto3.session.Session("testing", "testing", region_name=REGION)
    made: Any = session.client("lambda", endpoint_url=ministack)
    yield made
    made.close()


def test_another_emulator_agrees_as_far_as_it_goes(
    run: Run, workspace: Path, ministack: str, stack: Api
) -> None:
    write(workspace)
    for number in range(OLD):
        put(stack, str(number))
    made = stack.create_function(
        FunctionName="api",
        Runtime="python3.12",
        Role="arn:aws:iam::000000000000:role/r",
        Handler="a.b",
        Code={"ZipFile": zipped("")},
        Layers=[stack.get_layer_version(LayerName="code", VersionNumber=2)["LayerVersionArn"]],
    )
    stack.get_waiter("function_active_v2").wait(FunctionName=made["FunctionName"])
    # It lists no published versions, whatever FunctionVersion says: moto does.
    stack.add_layer_version_permission(
        LayerName="code",
        VersionNumber=3,
        StatementId="partner",
        Action="lambda:GetLayerVersion",
        Principal=OTHER,
    )
    done = run("publish", env={"AWS_ENDPOINT_URL": ministack})
    assert done.returncode == 0, done.stderr
    assert numbers(stack) == [2, 3, 5, 6]
    assert kept(workspace)[2] == "used by api"
    assert OTHER in kept(workspace)[3]
