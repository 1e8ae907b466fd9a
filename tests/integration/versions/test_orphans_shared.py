"""Orphans that are shared: what the manifest says is not is taken back, and nobody else loses any."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from ..cloud.answers import Answer, refusal
from ..cloud.calls import Call
from ..cloud.proxy import Proxy
from .test_orphans import ARN, numbers

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Connect: TypeAlias = Callable[..., Any]

ACCOUNT, OTHER = "111122223333", "444455556666"
IDS = [f"layer-builder-{ACCOUNT}", f"layer-builder-{OTHER}"]


def write(workspace: Path, key: str, top: str = "", settings: str = "") -> None:
    (workspace / "a.py").write_text("A = 1\n")
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "3.12"\nproof: off\nowner: us\n{top}\n'
        f"layers:\n  {key}: {{include: a.py{settings}}}\n"
    )


def accounts(*several: str) -> str:
    return f"permissions: {{accounts: [{', '.join(map(repr, several))}]}}"


def statements(client: Connect) -> list[str]:
    api = client("lambda")
    try:
        policy = api.get_layer_version_policy(LayerName="old", VersionNumber=1)["Policy"]
    except api.exceptions.ResourceNotFoundException:
        return []
    return sorted(item["Sid"] for item in json.loads(policy)["Statement"])


@pytest.fixture
def _shared(run: Run, workspace: Path) -> None:
    """Publish a layer for two accounts; the next manifest has it no more."""
    write(workspace, "old", accounts(ACCOUNT, OTHER))
    done = run("publish")
    assert done.returncode == 0, done.stderr


@pytest.mark.usefixtures("_shared")
def test_the_list_says_with_whom_and_what_would_become_of_it(
    run: Run, workspace: Path, client: Connect, proxy: Proxy
) -> None:
    write(workspace, "new", "permissions: {}")
    done = run("versions", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    who = f"account {ACCOUNT}, account {OTHER}"
    assert f"any more: version 1 (shared with {who})\n" in done.stdout
    assert (
        f"with --orphans, of old in eu-west-1: version 1 would be usable no longer for {who};"
        " version 1 would be deleted\n"
    ) in done.stdout
    assert {"RemoveLayerVersionPermission", "DeleteLayerVersion"}.isdisjoint(proxy.operations())
    assert (numbers(client, "old"), statements(client)) == ([1], IDS)


@pytest.mark.usefixtures("_shared")
def test_whom_the_manifest_names_no_more_loses_it_and_it_goes(
    run: Run, workspace: Path, client: Connect, proxy: Proxy
) -> None:
    write(workspace, "new", "permissions: {}")
    done = run("versions", "--orphans", "--json", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert numbers(client, "old") == []
    writes = [name for name in proxy.operations() if name.startswith(("Remove", "Delete"))]
    assert writes == [*["RemoveLayerVersionPermission"] * 2, "DeleteLayerVersion"]
    lost = f"no longer for account {ACCOUNT}, no longer for account {OTHER}"
    assert f"orphan: {ARN.format('old', 1)}: usable {lost}\n" in done.stderr
    assert f"orphan: {ARN.format('old', 1)} deleted\n" in done.stderr
    [region] = json.loads(done.stdout)["regions"]
    [version] = region["orphans"][0]["versions"]
    assert version["revokes"] == [f"account {ACCOUNT}", f"account {OTHER}"]
    assert (version["stays"], version["deleted"]) == ("", True)


SILENT = "and the manifest says nothing of that: permissions: {} takes it back"


@pytest.mark.usefixtures("_shared")
@pytest.mark.parametrize(
    ("top", "settings", "left", "why"),
    [
        (accounts(ACCOUNT), "", IDS[:1], f"still shares layers with account {ACCOUNT}"),
        ("", f", {accounts(ACCOUNT)}", IDS[:1], f"still shares layers with account {ACCOUNT}"),
        (accounts(ACCOUNT), ", permissions: {}", IDS[:1], f"shares layers with account {ACCOUNT}"),
        ("permissions: {public: true}", "", IDS, f"account {ACCOUNT}, account {OTHER}"),
        ("", "", IDS, SILENT),
    ],
    ids=["top", "layer", "top of which no layer takes any", "everybody", "nothing said"],
)
def test_whom_the_manifest_names_keeps_it(  # noqa: PLR0913, PLR0917 (the table's columns)
    run: Run, workspace: Path, client: Connect, top: str, settings: str, left: list[str], why: str
) -> None:
    write(workspace, "new", top, settings)
    done = run("versions", "--orphans")
    assert done.returncode == 0, done.stderr
    assert (numbers(client, "old"), statements(client)) == ([1], left)
    (said,) = [line for line in done.stderr.splitlines() if " stays: " in line]
    assert why in said
    assert (OTHER in said) is (left == IDS)


@pytest.mark.usefixtures("_shared")
@pytest.mark.parametrize("reason", ["a function", "a statement of others"])
def test_what_stays_for_another_reason_is_taken_back_all_the_same(
    run: Run, workspace: Path, client: Connect, reason: str
) -> None:
    api = client("lambda")
    if reason == "a function":
        role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        api.create_function(
            FunctionName="f", Runtime="python3.12", Role=role, Handler="a.b",
            Code={"ZipFile": b"zip"}, Layers=[ARN.format("old", 1)],
        )  # fmt: skip
    else:
        api.add_layer_version_permission(
            LayerName="old", VersionNumber=1, StatementId="by-hand", Principal="999999999999",
            Action="lambda:GetLayerVersion",
        )  # fmt: skip
    write(workspace, "new", "permissions: {}")
    done = run("versions", "--orphans")
    assert done.returncode == 0, done.stderr
    left, why = {
        "a function": ([], "used by f"),
        "a statement of others": (
            ["by-hand"], "its policy lets others use it: 999999999999 (statement by-hand)",
        ),
    }[reason]  # fmt: skip
    assert (numbers(client, "old"), statements(client)) == ([1], left)
    assert f"orphan: {ARN.format('old', 1)} stays: {why}\n" in done.stderr


class Withheld:
    """A role that may read no policies."""

    def refuse(self, call: Call) -> Answer | None:
        if call.operation != "GetLayerVersionPolicy":
            return None
        return refusal(call, 403, "AccessDeniedException", "not authorized")

    def amend(self, _: Call, answer: Answer) -> Answer:
        return answer


@pytest.mark.usefixtures("_shared")
def test_with_whom_is_said_to_be_unknown_where_policies_may_not_be_read(
    run: Run, workspace: Path, proxy: Proxy
) -> None:
    write(workspace, "new", "permissions: {}")
    proxy.rules = [Withheld()]
    done = run("versions", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert "version 1 would stay: who else may use it is not known\n" in done.stdout
    assert "not known: who else may use orphans (GetLayerVersionPolicy in eu-west-1" in done.stdout
