"""Who else may use a layer version: granted, kept, restored and taken back on a real policy."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import boto3
import pytest

from ..cloud.proxy import Proxy

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Connect: TypeAlias = Callable[..., Any]

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:code:{}"
TWO = "permissions: {accounts: ['111122223333', '444455556666']}"
BOTH = ["layer-builder-111122223333", "layer-builder-444455556666"]
ORGANIZATION = "o-a1b2c3d4e5"
WRITES = {"AddLayerVersionPermission", "RemoveLayerVersionPermission"}


def write(workspace: Path, settings: str = "", top: str = "", code: str = "A = 1\n") -> None:
    """Write a manifest with one layer `code` of one file."""
    (workspace / "src").mkdir(exist_ok=True)
    (workspace / "src/a.py").write_text(code)
    more = f", {settings}" if settings else ""
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "3.12"\n{top}layers:\n  code: {{include: src/{more}}}\n'
    )


def statements(api: Any, version: int = 1, name: str = "code") -> dict[str, dict[str, Any]]:  # noqa: ANN401 (boto3 makes its classes at run time)
    """Read a version's policy, by statement id."""
    try:
        answer = api.get_layer_version_policy(LayerName=name, VersionNumber=version)
    except api.exceptions.ResourceNotFoundException:
        return {}
    found = json.loads(answer["Policy"])["Statement"]
    assert len({one["Sid"] for one in found}) == len(found), "one id twice"
    return {one["Sid"]: one for one in found}


def delivery(workspace: Path, region: str = "eu-west-1") -> dict[str, Any]:
    layers = json.loads((workspace / "dist/layers/report.json").read_text())["layers"]
    found: dict[str, Any] = layers[0]["delivery"].get(region, {}).get("permissions", {})
    return found


def foreign(api: Any, statement: str = "by-hand", account: str = "999999999999") -> None:  # noqa: ANN401 (the same)
    api.add_layer_version_permission(
        LayerName="code",
        VersionNumber=1,
        StatementId=statement,
        Action="lambda:GetLayerVersion",
        Principal=account,
    )


def test_a_new_version_may_be_used_by_the_accounts_that_are_named(
    run: Run, workspace: Path, client: Connect
) -> None:
    write(workspace, TWO)
    done = run("publish")
    assert done.returncode == 0, done.stderr
    found = statements(client("lambda"))
    assert list(found) == BOTH
    assert {one["Action"] for one in found.values()} == {"lambda:GetLayerVersion"}
    assert ["111122223333" in str(one["Principal"]) for one in found.values()] == [True, False]
    assert (
        f"code: {ARN.format(1)}: usable for account 111122223333, for account 444455556666\n"
    ) in done.stderr
    assert delivery(workspace) == {
        "added": ["account 111122223333", "account 444455556666"],
        "removed": [],
    }


def test_the_next_version_gets_the_same_and_the_old_one_keeps_its_own(
    run: Run, workspace: Path, client: Connect
) -> None:
    write(workspace, TWO)
    assert run("publish").returncode == 0
    write(workspace, TWO, code="A = 2\n")
    assert run("publish").returncode == 0
    assert [list(statements(client("lambda"), version)) for version in (1, 2)] == [BOTH, BOTH]


def test_a_rerun_writes_nothing(run: Run, workspace: Path, proxy: Proxy) -> None:
    write(workspace, TWO)
    assert run("publish").returncode == 0
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert proxy.operations().count("GetLayerVersionPolicy") == 1
    assert WRITES.isdisjoint(proxy.operations())
    assert delivery(workspace) == {}


def test_without_permissions_no_policy_is_read_or_changed(
    run: Run, workspace: Path, client: Connect, proxy: Proxy
) -> None:
    write(workspace)
    assert run("publish").returncode == 0
    foreign(client("lambda"), "layer-builder-999999999999")
    assert run("publish", env={"AWS_ENDPOINT_URL": proxy.url}).returncode == 0
    assert not [name for name in proxy.operations() if "Polic" in name or "Permission" in name]
    assert list(statements(client("lambda"))) == ["layer-builder-999999999999"]


def test_a_statement_that_somebody_removed_comes_back(
    run: Run, workspace: Path, client: Connect
) -> None:
    write(workspace, TWO)
    assert run("publish").returncode == 0
    api = client("lambda")
    api.remove_layer_version_permission(LayerName="code", VersionNumber=1, StatementId=BOTH[0])
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert set(statements(api)) == set(BOTH)
    assert f"code: {ARN.format(1)}: usable for account 111122223333\n" in done.stderr
    assert delivery(workspace) == {"added": ["account 111122223333"], "removed": []}
    assert json.loads(done.stdout) == {"code": ARN.format(1)}


@pytest.mark.parametrize(
    ("settings", "left", "said"),
    [
        ("permissions: {accounts: ['444455556666']}", BOTH[1:], "no longer for account 1111"),
        ("permissions: {}", [], "no longer for account 111122223333, no longer for account 4444"),
        (f"permissions: {{organization: {ORGANIZATION}}}", [f"layer-builder-{ORGANIZATION}"],
         f"for organization {ORGANIZATION}, no longer for account 111122223333"),
    ],
)  # fmt: skip
def test_what_the_manifest_no_longer_names_is_taken_back_and_what_is_foreign_stays(  # noqa: PLR0913, PLR0917 (the table's columns)
    run: Run, workspace: Path, client: Connect, settings: str, left: list[str], said: str
) -> None:
    write(workspace, TWO)
    assert run("publish").returncode == 0
    foreign(client("lambda"))
    write(workspace, settings)
    done = run("publish")
    assert done.returncode == 0, done.stderr
    assert set(statements(client("lambda"))) == {*left, "by-hand"}
    assert f"{ARN.format(1)}: usable {said}" in done.stderr


@pytest.mark.parametrize(
    ("settings", "ids", "organization"),
    [
        (f"organization: {ORGANIZATION}", [f"layer-builder-{ORGANIZATION}"], ORGANIZATION),
        ("public: true", ["layer-builder-public"], None),
        ("public: false", [], None),
        ("accounts: []", [], None),
    ],
)
def test_all_accounts_come_in_by_organization_or_by_public_true(  # noqa: PLR0913, PLR0917 (the table's columns)
    run: Run, workspace: Path, client: Connect, settings: str, ids: list[str],
    organization: str | None,
) -> None:  # fmt: skip
    write(workspace, top=f"permissions: {{{settings}}}\n")
    done = run("publish")
    assert done.returncode == 0, done.stderr
    found = statements(client("lambda"))
    assert list(found) == ids
    for one in found.values():
        assert one["Principal"] in ("*", {"AWS": "*"})
        assert (ORGANIZATION in json.dumps(one).replace(one["Sid"], "")) is bool(organization)


def test_a_dry_run_says_who_would_come_and_go_and_writes_nothing(
    run: Run, workspace: Path, client: Connect, proxy: Proxy
) -> None:
    env = {"AWS_ENDPOINT_URL": proxy.url}
    write(workspace, TWO)
    done = run("publish", "--dry-run", env=env)
    assert done.returncode == 0, done.stderr
    assert (
        "code: its new version in eu-west-1 would be usable for account 111122223333,"
        " for account 444455556666\n"
    ) in done.stderr
    assert delivery(workspace)["added"] == ["account 111122223333", "account 444455556666"]
    assert run("publish").returncode == 0
    write(workspace, "permissions: {public: true}")
    done = run("publish", "--dry-run", env=env)
    assert (
        f"code: {ARN.format(1)} would be usable for everybody, no longer for account 111122223333,"
        " no longer for account 444455556666\n"
    ) in done.stderr
    assert delivery(workspace)["removed"] == ["account 111122223333", "account 444455556666"]
    assert list(statements(client("lambda"))) == BOTH
    assert {*WRITES, "PublishLayerVersion"}.isdisjoint(proxy.operations())


def test_every_region_and_every_target_is_shared(
    run: Run, workspace: Path, client: Connect
) -> None:
    write(
        workspace,
        f"{TWO}, architecture: [x86_64, arm64], name: '{{layer}}-{{architecture}}'",
        top="regions: [eu-west-1, us-east-2]\n",
    )
    done = run("publish")
    assert done.returncode == 0, done.stderr
    for region in ("eu-west-1", "us-east-2"):
        for name in ("code-x86_64", "code-arm64"):
            assert list(statements(client("lambda", region), name=name)) == BOTH
        assert len(delivery(workspace, region)["added"]) == 2


def test_targets_of_one_version_are_shared_once(
    run: Run, workspace: Path, client: Connect, proxy: Proxy
) -> None:
    write(workspace, f"{TWO}, architecture: [x86_64, arm64]")
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert list(statements(client("lambda"))) == BOTH
    assert proxy.operations().count("AddLayerVersionPermission") == 2


def test_another_emulator_sees_the_same(run: Run, workspace: Path, ministack: str) -> None:
    write(workspace, f"permissions: {{organization: {ORGANIZATION}}}")
    session = boto3.session.Session("testing", "testing", region_name="eu-west-1")
    api = session.client("lambda", endpoint_url=ministack)
    env = {"AWS_ENDPOINT_URL": ministack}
    done = run("publish", env=env)
    assert done.returncode == 0, done.stderr
    assert list(statements(api)) == [f"layer-builder-{ORGANIZATION}"]
    write(workspace, TWO)
    for _ in range(2):
        done = run("publish", env=env)
        assert done.returncode == 0, done.stderr
        assert list(statements(api)) == BOTH
    api.close()
