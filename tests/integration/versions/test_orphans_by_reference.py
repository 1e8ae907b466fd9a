"""Orphans that Lambda reads in the user's bucket: their objects go with them, and nothing else does."""

import json
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from ..cloud.faults import Fault, Trouble
from ..cloud.proxy import Proxy
from ..cloud.reference import Reference, let_lambda_read

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Connect: TypeAlias = Callable[..., Any]
S3: TypeAlias = Any
"""A client: boto3 makes its class at run time."""

BUCKET = "ours"
ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:old:{}"


@pytest.fixture
def s3(client: Connect) -> S3:
    made = client("s3")
    made.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    let_lambda_read(made, BUCKET)
    return made


def stored(s3: S3) -> list[str]:
    """List the versions of all objects by key; delete markers are none."""
    return [item["Key"] for item in s3.list_object_versions(Bucket=BUCKET).get("Versions", [])]


def numbers(client: Connect) -> list[int]:
    listed = client("lambda").list_layer_versions(LayerName="old")["LayerVersions"]
    return sorted(item["Version"] for item in listed)


def write(workspace: Path, key: str, content: int = 1, settings: str = "") -> None:
    (workspace / "a.py").write_text(f"A = {content}\n")
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nproof: off\nowner: us\ns3: {mode: reference}\n'
        f"layers:\n  {key}: {{include: a.py{settings}}}\n"
    )


@pytest.fixture
def rule(run: Run, workspace: Path, proxy: Proxy, s3: S3) -> Reference:
    """Publish two versions of a layer by reference, and rename it."""
    made = Reference()
    proxy.rules = [made]
    words = ("publish", "--s3-bucket", BUCKET, "--s3-prefix", "layers")
    for content in (1, 2):
        write(workspace, "old", content)
        done = run(*words, env={"AWS_ENDPOINT_URL": proxy.url})
        assert done.returncode == 0, done.stderr
    assert len(stored(s3)) == 2
    write(workspace, "new", 2)
    return made


@pytest.fixture
def orphans(run: Run, proxy: Proxy) -> Callable[..., CompletedProcess[str]]:
    """Retire orphans; the bucket is named by nobody, and AWS says which it is."""
    return lambda *words: run("versions", "--orphans", *words, env={"AWS_ENDPOINT_URL": proxy.url})


@pytest.mark.usefixtures("rule")
def test_the_objects_of_orphans_go_with_them(orphans: Run, client: Connect, s3: S3) -> None:
    done = orphans("--json")
    assert done.returncode == 0, done.stderr
    assert (numbers(client), stored(s3)) == ([], [])
    assert "warning: " not in done.stderr
    [region] = json.loads(done.stdout)["regions"]
    addresses = [one["removed"] for one in region["orphans"][0]["versions"]]
    assert all(address.startswith("s3://ours/layers/old/") for address in addresses)
    for address in addresses:
        assert f"orphan: removed {address}\n" in done.stderr


def test_an_object_of_a_version_that_stays_stays(
    orphans: Run, client: Connect, s3: S3, rule: Reference
) -> None:
    client("lambda").add_layer_version_permission(
        LayerName="old", VersionNumber=2, StatementId="s", Principal="999999999999",
        Action="lambda:GetLayerVersion",
    )  # fmt: skip
    kept = rule.objects[ARN.format(2)]
    done = orphans()
    assert done.returncode == 0, done.stderr
    assert (numbers(client), stored(s3)) == ([2], [kept["S3Key"]])


def test_an_object_that_another_version_refers_to_stays(
    orphans: Run, client: Connect, s3: S3, rule: Reference
) -> None:
    shared = rule.objects[ARN.format(1)] = rule.objects[ARN.format(2)]
    client("lambda").add_layer_version_permission(
        LayerName="old", VersionNumber=2, StatementId="s", Principal="999999999999",
        Action="lambda:GetLayerVersion",
    )  # fmt: skip
    done = orphans()
    assert done.returncode == 0, done.stderr
    assert numbers(client) == [2]
    assert shared["S3Key"] in stored(s3)
    assert "removed" not in done.stderr


def test_an_object_that_is_not_ours_stays_and_is_named(
    orphans: Run, client: Connect, s3: S3, rule: Reference
) -> None:
    named = rule.objects[ARN.format(1)]
    named["S3Key"] = "theirs.zip"
    put = s3.put_object(Bucket=BUCKET, Key="theirs.zip", Body=b"theirs")
    named["S3ObjectVersion"] = put["VersionId"]
    done = orphans()
    assert done.returncode == 0, done.stderr
    assert numbers(client) == []
    assert "theirs.zip" in stored(s3)
    address = f"s3://ours/theirs.zip?versionId={put['VersionId']}"
    said = f"warning: the object of a deleted version stays in the bucket: {address}\n"
    assert said in done.stderr


@pytest.mark.parametrize("lack", ["DeleteObject", "bucket"])
def test_an_object_that_cannot_be_removed_is_named(
    orphans: Run, client: Connect, rule: Reference, lack: str
) -> None:
    if lack == "bucket":
        for named in rule.objects.values():
            named["S3Bucket"] = "gone"
    else:
        rule.refused = lack
    done = orphans()
    assert done.returncode == 0, done.stderr
    assert numbers(client) == []
    assert "warning: objects of deleted versions stay in the bucket" in done.stderr
    assert "docs/iam/retention-s3-reference.json" in done.stderr
    for named in rule.objects.values():
        assert f"s3://{named['S3Bucket']}/{named['S3Key']}?versionId=" in done.stderr


def test_where_it_is_not_known_what_a_version_refers_to_it_stays(
    orphans: Run, client: Connect, s3: S3, rule: Reference
) -> None:
    rule.refused = "GetLayerVersion"
    done = orphans()
    assert done.returncode == 6, done.stderr
    assert "AWS does not allow GetLayerVersion" in done.stderr
    assert (numbers(client), len(stored(s3))) == ([1, 2], 2)


@pytest.mark.usefixtures("rule")
def test_after_a_refusal_the_objects_of_what_did_go_go(
    orphans: Run, client: Connect, s3: S3, proxy: Proxy
) -> None:
    proxy.troubles = (
        Trouble(fault=Fault.INTERNAL, operation="DeleteLayerVersion", nth=2, times=None),
    )
    done = orphans()
    assert done.returncode == 6, done.stderr
    assert (numbers(client), len(stored(s3))) == ([2], 1)
    assert "orphan: removed s3://ours/layers/old/" in done.stderr
