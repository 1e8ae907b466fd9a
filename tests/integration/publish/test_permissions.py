"""Who else may use a layer version: granted, kept, restored and taken back on a real policy."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import boto3
import pytest

from ..cloud.answers import Answer, json_answer
from ..cloud.calls import Call
from ..cloud.faults import Fault, Trouble
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


def several(run: Run, workspace: Path, count: int = 3, settings: str = TWO) -> None:
    """Publish so many versions, all shared."""
    for number in range(count):
        write(workspace, settings, code=f"A = {number}\n")
        done = run("publish")
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("new", ["the same version", "a new version"])
def test_an_account_that_is_taken_out_loses_all_versions(
    run: Run, workspace: Path, client: Connect, new: str
) -> None:
    several(run, workspace)
    api = client("lambda")
    foreign(api)
    code = "A = 2\n" if new == "the same version" else "A = 9\n"
    write(workspace, "permissions: {accounts: ['444455556666']}", code=code)
    dry = run("publish", "--dry-run")
    assert f"{ARN.format(1)} would be usable no longer for account 111122223333\n" in dry.stderr
    assert [BOTH[0] in statements(api, number) for number in (1, 2, 3)] == [True] * 3
    done = run("publish")
    assert done.returncode == 0, done.stderr
    left = {number: sorted(statements(api, number)) for number in (1, 2, 3)}
    assert left == {1: ["by-hand", BOTH[1]], 2: [BOTH[1]], 3: [BOTH[1]]}
    assert f"code: {ARN.format(1)}: usable no longer for account 111122223333\n" in done.stderr
    assert delivery(workspace)["removed"] == ["account 111122223333"]


def test_a_run_that_ended_half_way_is_taken_up_by_the_next(
    run: Run, workspace: Path, client: Connect, proxy: Proxy
) -> None:
    several(run, workspace)
    write(workspace, "permissions: {}", code="A = 9\n")
    operation = "RemoveLayerVersionPermission"
    proxy.troubles = (Trouble(fault=Fault.EXPIRED, operation=operation, nth=2, times=None),)
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 6, done.stderr
    assert any(statements(client("lambda"), number) for number in (1, 2, 3))
    for code in ("A = 9\n", "A = 10\n"):
        write(workspace, "permissions: {}", code=code)
        assert run("publish").returncode == 0
        assert not any(statements(client("lambda"), number) for number in (1, 2, 3))


def test_a_version_of_another_owner_is_left_alone(
    run: Run, workspace: Path, client: Connect
) -> None:
    write(workspace, TWO, top="owner: them\n")
    assert run("publish").returncode == 0
    write(workspace, f"{TWO}, adopt: true", top="owner: us\n", code="A = 2\n")
    assert run("publish").returncode == 0
    write(workspace, "permissions: {}", top="owner: us\n", code="A = 2\n")
    assert run("publish").returncode == 0
    api = client("lambda")
    assert [bool(statements(api, number)) for number in (1, 2)] == [True, False]


def test_what_cannot_be_taken_back_is_an_error(run: Run, workspace: Path, proxy: Proxy) -> None:
    several(run, workspace)
    write(workspace, "permissions: {}", code="A = 2\n")
    operation = "RemoveLayerVersionPermission"
    proxy.troubles = (Trouble(fault=Fault.EXPIRED, operation=operation, times=None),)
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 6, done.stderr


class Aged:
    """A Lambda whose first versions are from long ago."""

    def __init__(self, numbers: int) -> None:
        self.numbers = numbers

    def refuse(self, _: Call) -> Answer | None:
        return None

    def amend(self, call: Call, answer: Answer) -> Answer:
        if call.operation != "ListLayerVersions" or answer.status != 200:
            return answer
        data = json.loads(answer.body)
        for item in data["LayerVersions"]:
            if item["Version"] <= self.numbers:
                item["CreatedDate"] = "2020-02-29T23:59:59.123+0000"
        return json_answer(data)


@pytest.mark.parametrize(
    ("rule", "left"),
    [("{versions: 1}", [1, 2, 3, 4]), ("{versions: 1, shared-days: 90}", [1, 3, 4]),
     ("{versions: 3, shared-days: 90}", [1, 2, 3, 4])],
)  # fmt: skip
def test_shared_versions_go_at_the_age_that_the_manifest_names(  # noqa: PLR0913, PLR0917 (the table's columns)
    run: Run, workspace: Path, client: Connect, proxy: Proxy, rule: str, left: list[int]
) -> None:
    several(run, workspace)
    foreign(client("lambda"))
    proxy.rules = [Aged(2)]
    write(workspace, f"{TWO}, retain: {rule}", code="A = 9\n")
    done = run("publish", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    listed = client("lambda").list_layer_versions(LayerName="code")["LayerVersions"]
    assert sorted(item["Version"] for item in listed) == left, "by hand is somebody else's word"
    if left == [1, 3, 4]:
        assert "younger than 90 days" in done.stderr
