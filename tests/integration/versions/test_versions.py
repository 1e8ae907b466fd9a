"""What `versions` tells of an AWS that runs here, and what it does without."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from ..attach.test_attach import Cloud, Connect, Run, arns
from ..attach.test_update import ACCOUNT, MIB, Script, connected
from ..cloud.answers import Answer, refusal
from ..cloud.calls import Call
from ..cloud.proxy import Proxy
from ..conftest import REGION

MANIFEST = """\
version: 1
python: "3.12"
layers:
  a: {include: src/, limits: {unzipped: 1000}}
  b: {include: src/}
"""
SIZES = [100, 300, 900]
"""What the versions of layer a unzip to, oldest first, but for one file of 10 bytes."""


@pytest.fixture
def cloud(ministack: str) -> Cloud:
    made = Cloud(connected(ministack))
    for size in SIZES:
        made.layer("a", size=size)
    made.function("api", "a:1")
    made.function("worker", "a:3")
    made.function("other")
    return made


@pytest.fixture
def versions(run: Run, proxy: Proxy, ministack: str, workspace: Path) -> Callable[..., Any]:
    proxy.upstream = ministack
    (workspace / "layers.yml").write_text(MANIFEST)
    env = {"AWS_ENDPOINT_URL": proxy.url, "AWS_ACCESS_KEY_ID": ACCOUNT}
    return lambda *words, **more: run("versions", *words, env={**env, **more})


def told(done: Any) -> dict[str, Any]:  # noqa: ANN401 (a finished process)
    assert done.returncode == 0, done.stderr
    (region,) = json.loads(done.stdout)["regions"]
    assert isinstance(region, dict)
    return region


def test_every_version_is_told_with_its_growth_its_users_and_its_shares(
    versions: Callable[..., Any], cloud: Cloud, proxy: Proxy
) -> None:
    region = told(versions("--json"))
    assert region["region"] == REGION
    a, b = region["layers"]
    assert (a["key"], a["name"], a["targets"]) == ("a", "a", ["3.12-x86_64"])
    assert (b["versions"], b["deleted_but_used"]) == ([], [])
    published = cloud.api.list_layer_versions(LayerName="a")["LayerVersions"]
    newest, middle, oldest = a["versions"]
    assert [one["version"] for one in a["versions"]] == [3, 2, 1]
    assert [one["arn"] for one in a["versions"]] == arns("a:3 a:2 a:1")
    assert [one["created"] for one in a["versions"]] == [one["CreatedDate"] for one in published]
    assert (newest["runtimes"], newest["architectures"]) == (["python3.12"], ["x86_64"])
    assert [one["unzipped_bytes"] for one in a["versions"]] == SIZES[::-1]
    assert newest["unzipped_growth"] == {"bytes": 600, "share": 2.0}
    assert (oldest["unzipped_growth"], oldest["zip_growth"]) == (None, None)
    growth = newest["zip_bytes"] - middle["zip_bytes"]
    assert newest["zip_growth"] == {
        "bytes": growth, "share": round(growth / middle["zip_bytes"], 4)
    }  # fmt: skip
    assert newest["zip_share"] == round(newest["zip_bytes"] / 52_428_800, 4)
    assert newest["unzipped_share"] == 0.0
    used = {"version": "$LATEST", "aliases": []}
    assert [one["used_by"] for one in a["versions"]] == [
        [{"function": "worker", **used}],
        [],
        [{"function": "api", **used}],
    ]
    assert region["code_storage"]["limit_bytes"] > 10_000 * MIB
    assert region["unknown"] == []
    assert "ListAliases" not in proxy.operations()


def test_people_get_a_table(versions: Callable[..., Any], cloud: Cloud) -> None:
    done = versions("--unzipped", "2")
    assert done.returncode == 0, done.stderr
    date = cloud.api.get_layer_version(LayerName="a", VersionNumber=3)["CreatedDate"][:10]
    lines = done.stdout.splitlines()
    assert lines[0] == f"a in {REGION}"
    cells = [[cell.strip() for cell in line.split("  ") if cell.strip()] for line in lines[1:5]]
    assert cells[0] == [
        *("version", "date", "zip", "growth", "unzipped", "growth", "of limit", "for", "used by"),
        *("from", "content", "owner"),
    ]
    assert cells[1][:2] == ["3", date]
    target, unstamped = "python3.12, x86_64", ["–", "–", "–"]
    assert cells[1][4:] == ["900 B", "+600 B (+200%)", "0%", target, "worker", *unstamped]
    assert cells[2][4:] == ["300 B", "–", "0%", target, "–", *unstamped]
    assert cells[3][3:] == ["–", "?", "–", "?", target, "api", *unstamped]
    assert f"b in {REGION}: no version" in lines


def test_a_version_in_use_that_was_deleted_is_told(
    versions: Callable[..., Any], cloud: Cloud
) -> None:
    cloud.api.delete_layer_version(LayerName="a", VersionNumber=1)
    done = versions()
    ghost = arns("a:1")[0]
    assert f"  {ghost} was deleted, and is still used by api\n" in done.stdout
    (found,) = told(versions("--json"))["layers"][0]["deleted_but_used"]
    assert (found["arn"], found["used_by"][0]["function"]) == (ghost, "api")


def test_zips_in_the_output_dir_are_not_measured_again(
    versions: Callable[..., Any], run: Run, workspace: Path, proxy: Proxy, ministack: str
) -> None:
    (workspace / "layers.yml").write_text(MANIFEST)
    (workspace / "src").mkdir()
    (workspace / "src/a.py").write_text("A = 1\n")
    env = {"AWS_ENDPOINT_URL": ministack, "AWS_ACCESS_KEY_ID": ACCOUNT}
    assert run("publish", "--layers", "a", env=env).returncode == 0
    (version,) = told(versions("--json", "--unzipped", "0"))["layers"][0]["versions"]
    assert version["unzipped_bytes"] == 6
    assert proxy.operations().count("GetLayerVersion") == 1


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        ([], 0, "warning: layers.yml:4:3: layer a: {arn}: unzipped 900 B is 90% of limits.unzipped"
                " of the manifest (1000 B); 100 B left\n"),
        (["--warn-at", "95%"], 0, ""),
        (["--warn-at", "100%", "--fail-at", "90%"], 5, "error: layers.yml:4:3: layer a: {arn}: "),
        (["--fail-at", "91%"], 0, "warning: layers.yml:4:3: layer a"),
        (["--warn-at", "8"], 2, "argument --warn-at: '8' is not a percentage above 0 and up to"),
        (["--unzipped", "some"], 2, "argument --unzipped: 'some' is neither a number nor all"),
    ],
)  # fmt: skip
def test_what_is_near_a_limit_is_warned_of(
    versions: Callable[..., Any], words: list[str], exit_code: int, said: str
) -> None:
    done = versions(*words)
    assert done.returncode == exit_code, done.stderr
    assert said.format(arn=arns("a:3")[0]) in done.stderr
    assert said or done.stderr.count("\n") == 1, "who called, and nothing else"
    assert ("a in eu-west-1\n" in done.stdout) is (exit_code != 2)


@pytest.mark.usefixtures("cloud")
def test_in_a_workflow_warnings_annotate_and_json_stays_clean(
    versions: Callable[..., Any], tmp_path: Path
) -> None:
    summary = tmp_path / "summary"
    done = versions("--json", GITHUB_ACTIONS="true", GITHUB_STEP_SUMMARY=str(summary))
    assert json.loads(done.stdout)["warnings"]
    assert "::warning file=layers.yml,line=4,col=3::layer a: arn:" in done.stderr
    assert f"### a in {REGION}\n" in summary.read_text()
    assert "| 3 | " in summary.read_text()


DENIED = (
    "User: arn:aws:iam::123456789012:user/u is not authorized to perform: lambda:{} on resource: *"
)


@pytest.mark.usefixtures("cloud")
@pytest.mark.parametrize(
    ("operation", "unknown"),
    [
        ("GetLayerVersion", "sizes"),
        ("ListFunctions", "who uses them"),
        ("GetAccountSettings", "the code storage"),
    ],
)
def test_what_it_may_not_read_is_said_and_left_out(
    versions: Callable[..., Any], proxy: Proxy, operation: str, unknown: str
) -> None:
    def refuse(call: Call) -> Answer:
        return refusal(call, 403, "AccessDeniedException", DENIED.format(call.operation))

    proxy.rules = [Script(operation=operation, before=refuse)]
    region = told(versions("--json"))
    (fact,) = region["unknown"]
    assert fact.startswith(f"{unknown} ({operation} in {REGION}: AccessDeniedException: ")
    newest = region["layers"][0]["versions"][0]
    assert (newest["zip_bytes"] is None) is (operation == "GetLayerVersion")
    assert (newest["used_by"] is None) is (operation == "ListFunctions")
    assert (region["code_storage"] is None) is (operation == "GetAccountSettings")
    assert f"  not known: {unknown} (" in versions().stdout


@pytest.mark.usefixtures("cloud")
def test_the_versions_themselves_must_be_read(versions: Callable[..., Any], proxy: Proxy) -> None:
    def refuse(call: Call) -> Answer:
        return refusal(call, 403, "AccessDeniedException", DENIED.format(call.operation))

    proxy.rules = [Script(operation="ListLayerVersions", before=refuse)]
    done = versions()
    assert (done.returncode, done.stdout) == (6, "")
    assert "  → give the role the permission for lambda:ListLayerVersions on *\n" in done.stderr


def names(usages: Iterable[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    return [(one["function"], one["version"], one["aliases"]) for one in usages]


def test_published_versions_of_functions_are_users_with_their_aliases(
    run: Run, client: Connect, aws: str, workspace: Path
) -> None:
    """On moto, which lists the published versions; ministack lists none."""
    cloud = Cloud(client)
    (workspace / "layers.yml").write_text(MANIFEST)
    cloud.layer("a", versions=2)
    cloud.function("api", "a:1")
    cloud.api.publish_version(FunctionName="api")
    cloud.api.create_alias(FunctionName="api", Name="live", FunctionVersion="1")
    cloud.api.update_function_configuration(FunctionName="api", Layers=arns("a:2"))
    done = run("versions", "--json", env={"AWS_ENDPOINT_URL": aws})
    region = told(done)
    used = {one["version"]: names(one["used_by"]) for one in region["layers"][0]["versions"]}
    assert used == {2: [("api", "$LATEST", [])], 1: [("api", "1", ["live"])]}
    assert region["code_storage"] is None
    assert any(fact.startswith("the code storage (") for fact in region["unknown"])
    assert "api:1 (live)" in run("versions", env={"AWS_ENDPOINT_URL": aws}).stdout
