"""Versions of layers that the manifest has no more: listed, and deleted only when that is asked for."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from ..cloud.answers import Answer, refusal
from ..cloud.calls import Call
from ..cloud.faults import Fault, Trouble
from ..cloud.paging import Paging
from ..cloud.proxy import Proxy

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Connect: TypeAlias = Callable[..., Any]
ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:{}:{}"


def write(workspace: Path, layers: str, owner: str = "us", content: int = 1) -> None:
    (workspace / "a.py").write_text(f"A = {content}\n")
    entries = "".join(f"  {name}: {{include: a.py}}\n" for name in layers.split())
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "3.12"\nproof: off\nowner: {owner}\nlayers:\n{entries}'
    )


def numbers(client: Connect, name: str) -> list[int]:
    listed = client("lambda").list_layer_versions(LayerName=name)["LayerVersions"]
    return sorted(item["Version"] for item in listed)


@pytest.fixture
def _published(run: Run, workspace: Path, client: Connect) -> None:
    """Publish two versions of four layers, another owner's layer, and one by hand; keep two layers."""
    for content in (1, 2):
        write(workspace, "a b old older", content=content)
        assert run("publish").returncode == 0
    write(workspace, "theirs", owner="them")
    assert run("publish").returncode == 0
    content_ = io.BytesIO()
    with zipfile.ZipFile(content_, "w") as file:
        file.writestr("python/x.py", "")
    api = client("lambda")
    api.publish_layer_version(LayerName="by-hand", Content={"ZipFile": content_.getvalue()})
    role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    api.create_function(
        FunctionName="f", Runtime="python3.12", Role=role, Handler="a.b",
        Code={"ZipFile": content_.getvalue()}, Layers=[ARN.format("old", 1)],
    )  # fmt: skip
    api.add_layer_version_permission(
        LayerName="older", VersionNumber=2, StatementId="s", Principal="999999999999",
        Action="lambda:GetLayerVersion",
    )  # fmt: skip
    write(workspace, "a b")


@pytest.mark.usefixtures("_published")
def test_orphans_are_listed_and_stay(run: Run, client: Connect, proxy: Proxy) -> None:
    proxy.rules = [Paging(2)]
    env = {"AWS_ENDPOINT_URL": proxy.url}
    done = run("versions", "--json", env=env)
    assert done.returncode == 0, done.stderr
    [region] = json.loads(done.stdout)["regions"]
    found = {
        one["name"]: [(v["version"], v["used"], v["deleted"]) for v in one["versions"]]
        for one in region["orphans"]
    }
    assert found == {
        "old": [(2, "", False), (1, "used by f", False)],
        "older": [(2, "", False), (1, "", False)],
    }
    done = run("versions", env=env)
    assert (
        "orphan old in eu-west-1, which no layer of the manifest is called any more: version 2,"
        " version 1 (used by f)\n"
    ) in done.stdout
    assert (
        "with --orphans, of old in eu-west-1: version 2 would be deleted; version 1 would stay: used"
        " by f\n"
    ) in done.stdout
    assert "theirs" not in done.stdout
    assert "DeleteLayerVersion" not in proxy.operations()
    assert [numbers(client, name) for name in ("old", "older")] == [[1, 2], [1, 2]]


@pytest.mark.usefixtures("_published")
def test_a_publish_leaves_them(run: Run, client: Connect, workspace: Path) -> None:
    manifest = workspace / "layers.yml"
    manifest.write_text("retain: 1\n" + manifest.read_text())
    assert run("publish").returncode == 0
    assert [numbers(client, name) for name in ("old", "older")] == [[1, 2], [1, 2]]


@pytest.mark.usefixtures("_published")
def test_orphans_go_where_nobody_has_a_use_for_them(run: Run, client: Connect) -> None:
    done = run("versions", "--orphans", "--json")
    assert done.returncode == 0, done.stderr
    assert numbers(client, "old") == [1]
    assert numbers(client, "older") == [2]
    assert [numbers(client, name) for name in ("a", "theirs", "by-hand")] == [[1, 2], [1], [1]]
    assert f"orphan: {ARN.format('old', 2)} deleted\n" in done.stderr
    assert f"orphan: {ARN.format('old', 1)} stays: used by f\n" in done.stderr
    who = "its policy lets others use it: 999999999999 (statement s)"
    assert f"orphan: {ARN.format('older', 2)} stays: {who}\n" in done.stderr
    [region] = json.loads(done.stdout)["regions"]
    assert [v["deleted"] for one in region["orphans"] for v in one["versions"]] == [
        *(True, False),
        *(False, True),
    ]


@pytest.mark.usefixtures("_published")
@pytest.mark.parametrize(
    "fault", [Fault.THROTTLED, Fault.INTERNAL, Fault.RESET_AFTER, Fault.TRUNCATED]
)
@pytest.mark.parametrize("operation", ["ListLayers", "GetLayerVersionPolicy", "DeleteLayerVersion"])
def test_faults_on_the_way_delete_nothing_else(
    run: Run, client: Connect, proxy: Proxy, operation: str, fault: Fault
) -> None:
    proxy.troubles = (Trouble(fault=fault, operation=operation),)
    done = run("versions", "--orphans", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert [numbers(client, name) for name in ("a", "old", "older")] == [[1, 2], [1], [2]]


@pytest.mark.parametrize("top", ["nobody", "them", "them, then nobody"])
def test_the_newest_stamp_says_whose_a_name_is(
    run: Run, workspace: Path, client: Connect, top: str
) -> None:
    write(workspace, "old")
    assert run("publish").returncode == 0
    if "them" in top:
        write(workspace, "old", owner="them")
        manifest = workspace / "layers.yml"
        manifest.write_text("adopt: true\n" + manifest.read_text())
        assert run("publish").returncode == 0
    if "nobody" in top:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as file:
            file.writestr("python/x.py", "")
        client("lambda").publish_layer_version(
            LayerName="old", Content={"ZipFile": content.getvalue()}
        )
    before = numbers(client, "old")
    write(workspace, "new")
    done = run("versions")
    assert done.returncode == 0, done.stderr
    said = "called any more: version 1; version 2 has no stamp, and is nobody's\n"
    assert (said in done.stdout) is (top == "nobody")
    assert run("versions", "--orphans").returncode == 0
    assert numbers(client, "old") == ([2] if top == "nobody" else before)


def test_what_goes_is_said_first_and_by_which_owner(
    run: Run, workspace: Path, client: Connect
) -> None:
    for content in (1, 2):
        write(workspace, "a older", owner="shared", content=content)
        assert run("publish").returncode == 0
    write(workspace, "b", owner="shared")
    known = "orphans in eu-west-1 are known by their owner, shared: a layer of another manifest"
    listed = run("versions")
    assert known in listed.stdout
    done = run("versions", "--orphans")
    assert done.returncode == 0, done.stderr
    assert [numbers(client, name) for name in ("a", "older")] == [[], []]
    head, _, rest = done.stderr.partition(
        "orphan: of the owner shared, and of no layer of this manifest, in eu-west-1: 4 versions"
        " deleted now, of 2 layers\n"
    )
    assert " deleted\n" not in head
    first, second, third, *_ = rest.splitlines()
    assert first.startswith("    a: deleted: 2, 1; the newest, 2, is of 20")
    assert second.startswith("    older: deleted: 2, 1; the newest, 2, is of 20")
    assert third == f"orphan: {ARN.format('a', 1)} deleted"


class Refuses:
    def __init__(self, operation: str, layers: str = "") -> None:
        self.operation, self.layers = operation, layers.split()

    def refuse(self, call: Call) -> Answer | None:
        of_others = self.layers and call.labels.get("LayerName") not in self.layers
        if call.operation != self.operation or of_others:
            return None
        return refusal(call, 403, "AccessDeniedException", "not authorized")

    def amend(self, call: Call, answer: Answer) -> Answer:  # noqa: ARG002 (a rule of the proxy has both)
        return answer


@pytest.mark.usefixtures("_published")
@pytest.mark.parametrize(
    ("operation", "code", "said"),
    [
        ("ListLayers", 0, "not known: orphans (ListLayers in eu-west-1: AccessDeniedException"),
        ("ListFunctions", 0, "stays: who uses it is not known"),
        ("GetLayerVersionPolicy", 6, "AWS does not allow GetLayerVersionPolicy"),
        ("DeleteLayerVersion", 6, "AWS does not allow DeleteLayerVersion"),
    ],
)
def test_what_is_not_known_deletes_nothing(  # noqa: PLR0913, PLR0917 (the table's columns)
    run: Run, client: Connect, proxy: Proxy, operation: str, code: int, said: str
) -> None:
    proxy.rules = [Refuses(operation)]
    done = run("versions", "--orphans", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == code, done.stderr
    assert said in done.stderr + done.stdout
    assert [numbers(client, name) for name in ("old", "older")] == [[1, 2], [1, 2]]


@pytest.mark.usefixtures("_published")
def test_layers_out_of_reach_hide_no_orphans_of_others(
    run: Run, client: Connect, proxy: Proxy
) -> None:
    proxy.rules = [Refuses("ListLayerVersions", "by-hand")]
    done = run("versions", "--orphans", env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    said = "not known: orphans among layers whose newest version has no stamp (ListLayerVersions in"
    assert done.stdout.count(said) == 1
    assert [numbers(client, name) for name in ("old", "older")] == [[1], [2]]


def test_a_part_of_the_manifest_has_no_orphans(run: Run, workspace: Path) -> None:
    write(workspace, "a b")
    done = run("versions", "--orphans", "--layers", "a")
    assert done.returncode == 2
    assert "--orphans looks at the whole manifest" in done.stderr
