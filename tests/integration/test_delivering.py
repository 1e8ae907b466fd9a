"""What becomes of a layer version besides being there: who may use it, and where its ARN is."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from .cloud.faults import Fault, Trouble
from .cloud.proxy import Proxy

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Connect: TypeAlias = Callable[..., Any]
Versions: TypeAlias = Callable[..., list[str]]

CODE = "arn:aws:lambda:eu-west-1:123456789012:layer:code:1"
ORGANIZATION = "o-a1b2c3d4e5"
WRITES = {
    *("AddLayerVersionPermission", "RemoveLayerVersionPermission"),
    *("PublishLayerVersion", "PutParameter", "DeleteLayerVersion"),
}


def write(workspace: Path, settings: str, *keys: str) -> None:
    layers = "".join(f"  {key}: {{include: a.py}}\n" for key in keys or ["code"])
    (workspace / "a.py").write_text("A = 1\n")
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "3.12"\n{settings}\nlayers:\n{layers}'
    )


def allow(*accounts: str, more: str = "") -> str:
    listed = ", ".join(f'"{account}"' for account in accounts)
    return f"permissions: {{accounts: [{listed}]{more}}}"


def statements(client: Connect, version: int = 1) -> dict[str, Any]:
    answer = client("lambda").get_layer_version_policy(LayerName="code", VersionNumber=version)
    found = json.loads(answer["Policy"])["Statement"]
    assert len({item["Sid"] for item in found}) == len(found)
    return {item["Sid"]: item for item in found}


def delivery(workspace: Path) -> dict[str, Any]:
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    found: dict[str, Any] = report["layers"][0]["delivery"]
    return found


def written(proxy: Proxy) -> list[str]:
    return [operation for operation in proxy.operations() if operation in WRITES]


@pytest.mark.parametrize(
    ("settings", "ids", "said"),
    [
        (allow("111122223333", "444455556666"),
         ["layer-builder-111122223333", "layer-builder-444455556666"],
         "for account 111122223333, for account 444455556666"),
        (allow("111122223333", more=f", organization: {ORGANIZATION}"),
         ["layer-builder-111122223333", f"layer-builder-{ORGANIZATION}"],
         f"for account 111122223333, for organization {ORGANIZATION}"),
        ("permissions: {public: true}", ["layer-builder-public"], "for everybody"),
    ],
)  # fmt: skip
def test_a_version_is_usable_by_whom_the_manifest_names(  # noqa: PLR0913, PLR0917 (the table's columns)
    run: Run, workspace: Path, client: Connect, settings: str, ids: list[str], said: str
) -> None:
    write(workspace, settings)
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert f"code: {CODE}: usable {said}\n" in done.stderr
    found = statements(client)
    assert list(found) == ids
    organizations = [found[sid].get("OrganizationId") for sid in ids if "-o-" in sid]
    assert organizations == [ORGANIZATION] * len(organizations)
    assert delivery(workspace)["eu-west-1"]["permissions"]["added"] == [
        part.removeprefix("for ") for part in said.split(", ")
    ]


def test_a_policy_is_restored_and_other_peoples_statements_stay(
    run: Run, workspace: Path, client: Connect, proxy: Proxy, versions: Versions
) -> None:
    env = {"AWS_ENDPOINT_URL": proxy.url}
    write(workspace, allow("111122223333", "444455556666"))
    assert run("publish", env=env).returncode == 0
    api = client("lambda")
    api.add_layer_version_permission(
        LayerName="code", VersionNumber=1, StatementId="theirs",
        Action="lambda:GetLayerVersion", Principal="777788889999",
    )  # fmt: skip
    api.remove_layer_version_permission(
        LayerName="code", VersionNumber=1, StatementId="layer-builder-111122223333"
    )
    proxy.clear()
    done = run("publish", env=env)
    assert f"code: {CODE}: usable for account 111122223333\n" in done.stderr
    assert written(proxy) == ["AddLayerVersionPermission"]
    write(workspace, allow("444455556666"))
    done = run("publish")
    assert f"code: {CODE}: usable no longer for account 111122223333\n" in done.stderr
    assert set(statements(client)) == {"theirs", "layer-builder-444455556666"}
    assert delivery(workspace)["eu-west-1"]["permissions"]["removed"] == ["account 111122223333"]
    proxy.clear()
    assert run("publish", env=env).returncode == 0
    assert (written(proxy), versions()) == ([], [CODE])


def test_a_manifest_without_permissions_and_parameters_asks_for_none(
    run: Run, workspace: Path, proxy: Proxy
) -> None:
    write(workspace, "")
    for _ in range(2):
        assert run("publish", env={"AWS_ENDPOINT_URL": proxy.url}).returncode == 0
    assert set(proxy.operations()) == {
        *("ListLayerVersions", "GetLayerVersion", "PublishLayerVersion")
    }


@pytest.mark.parametrize(
    "fault", [Fault.INTERNAL, Fault.RESET_BEFORE, Fault.RESET_AFTER, Fault.MALFORMED]
)
@pytest.mark.parametrize(
    "operation",
    ["AddLayerVersionPermission", "GetLayerVersionPolicy", "GetParameters", "PutParameter"],
)
def test_a_call_without_a_clear_answer_is_made_again_and_done_once(  # noqa: PLR0913, PLR0917 (a table)
    run: Run, workspace: Path, client: Connect, proxy: Proxy, operation: str, fault: Fault
) -> None:
    write(workspace, f"{allow('111122223333')}\nssm: '/x/{{layer}}'")
    run("publish", "--layers", "code")
    client("lambda").remove_layer_version_permission(
        LayerName="code", VersionNumber=1, StatementId="layer-builder-111122223333"
    )
    client("ssm").delete_parameter(Name="/x/code")
    proxy.troubles = (Trouble(fault=fault, operation=operation),)
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert list(statements(client)) == ["layer-builder-111122223333"]
    assert client("ssm").get_parameter(Name="/x/code")["Parameter"]["Value"] == CODE


@pytest.mark.parametrize("operation", ["AddLayerVersionPermission", "PutParameter"])
def test_a_delivery_that_is_refused_fails_the_run_and_the_arn_is_told(
    run: Run, workspace: Path, proxy: Proxy, operation: str
) -> None:
    write(workspace, f"{allow('111122223333')}\nssm: '/x/{{layer}}'")
    proxy.troubles = (Trouble(fault=Fault.EXPIRED, operation=operation),)
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 6
    assert "error: layer code: the AWS credentials have expired\n" in done.stderr
    assert f"error: published before that: {CODE}\n    not published: nothing\n" in done.stderr
    assert json.loads(done.stdout) == {"code": CODE}
    assert run("publish").returncode == 0


def test_a_parameter_holds_the_arn_and_is_written_when_it_differs(
    run: Run, workspace: Path, client: Connect, proxy: Proxy
) -> None:
    env = {"AWS_ENDPOINT_URL": proxy.url}
    write(workspace, "ssm: '/layers/{layer}/arn'")
    done = run("publish", env=env)
    assert done.returncode == 0, done.stderr
    assert f"code: /layers/code/arn in eu-west-1: {CODE}\n" in done.stderr
    assert delivery(workspace)["eu-west-1"]["parameter"] == "/layers/code/arn"
    ssm = client("ssm")
    found = ssm.get_parameter(Name="/layers/code/arn")["Parameter"]
    assert (found["Type"], found["Value"]) == ("String", CODE)
    proxy.clear()
    assert run("publish", env=env).returncode == 0
    assert written(proxy) == []
    assert delivery(workspace) == {}
    ssm.put_parameter(Name="/layers/code/arn", Value="else", Type="String", Overwrite=True)
    assert run("publish", env=env).returncode == 0
    assert ssm.get_parameter(Name="/layers/code/arn")["Parameter"]["Value"] == CODE


def test_parameters_are_read_ten_at_a_time_in_each_region(
    run: Run, workspace: Path, client: Connect, proxy: Proxy
) -> None:
    keys = [f"layer-{number}" for number in range(12)]
    write(workspace, "ssm: /{layer}\nregions: [eu-west-1, us-east-2]", *keys)
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert proxy.operations().count("GetParameters") == 4
    for region in ("eu-west-1", "us-east-2"):
        values = {
            item["Name"]: item["Value"]
            for page in client("ssm", region).get_paginator("describe_parameters").paginate()
            for item in client("ssm", region).get_parameters(
                Names=[found["Name"] for found in page["Parameters"]]
            )["Parameters"]
        }
        assert values == {
            f"/{key}": f"arn:aws:lambda:{region}:123456789012:layer:{key}:1" for key in keys
        }


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(
    run: Run, workspace: Path, client: Connect, proxy: Proxy
) -> None:
    settings = f"{allow('111122223333')}\nssm: '/x/{{layer}}'"
    write(workspace, settings)
    words = ["publish", "--dry-run"]
    done = run(*words, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    for line in (
        "would be published to eu-west-1 as code, as its first version",
        "its new version in eu-west-1 would be usable for account 111122223333",
        "/x/code in eu-west-1 would hold the ARN",
    ):
        assert f"code: {line}\n" in done.stderr
    run("publish")
    client("ssm").delete_parameter(Name="/x/code")
    write(workspace, settings.replace("1111", "9999"))
    done = run(*words, env={"AWS_ENDPOINT_URL": proxy.url})
    assert (
        f"code: {CODE} would be usable for account 999922223333, no longer for account 111122223333\n"
    ) in done.stderr
    assert delivery(workspace)["eu-west-1"]["parameter"] == "/x/code"
    assert written(proxy) == []


def test_files_hand_the_arns_on(run: Run, workspace: Path) -> None:
    write(workspace, "")
    folder = workspace / "dist/layers"
    assert run("build").returncode == 0
    assert not (folder / "layers.json").exists()
    assert run("publish").returncode == 0
    assert json.loads((folder / "layers.json").read_text())["layer-arns"] == {"code": CODE}
    assert (folder / "layers.env").read_text() == f"CODE_ARN={CODE}\n"
    tfvars = json.loads((folder / "layers.tfvars.json").read_text())
    assert tfvars["layer_arns_by_region"] == {"eu-west-1": {"code": CODE}}


@pytest.mark.parametrize("masks", [True, False])
def test_an_account_id_that_is_a_secret_is_told_where_outputs_would_be_lost(
    run: Run, workspace: Path, *, masks: bool
) -> None:
    write(workspace, "")
    workflow = workspace / ".github/workflows/deploy.yml"
    workflow.parent.mkdir(parents=True)
    workflow.write_text(
        "jobs:\n  layers:\n    steps:\n      - uses: aws-actions/configure-aws-credentials@v6\n"
        f"        with: {{mask-aws-account-id: {str(masks).lower()}}}\n"
    )
    done = run(
        "publish",
        env={
            "GITHUB_ACTIONS": "true",
            "GITHUB_JOB": "layers",
            "GITHUB_WORKFLOW_REF": "o/r/.github/workflows/deploy.yml@refs/heads/main",
            "GITHUB_WORKSPACE": str(workspace),
        },
    )
    assert done.returncode == 0, done.stderr
    warning = "::warning file=.github/workflows/deploy.yml,line=5,"
    assert (warning in done.stdout) is masks
    assert ("the ARNs will be missing from the outputs of this job" in done.stdout) is masks
