"""Objects that layer versions refer to go with them, and nothing else does; keys that lock them."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from ..cloud.answers import Answer, refusal
from ..cloud.calls import Call
from ..cloud.faults import Fault, Trouble
from ..cloud.proxy import Proxy
from ..cloud.reference import Reference, let_lambda_read

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Connect: TypeAlias = Callable[..., Any]
S3: TypeAlias = Any
"""A client: boto3 makes its class at run time."""

BUCKET = "ours"
WORDS = ["publish", "--s3-bucket", BUCKET, "--s3-prefix", "layers"]
KEY = "arn:aws:kms:eu-west-1:123456789012:key/k"


@pytest.fixture
def s3(client: Connect) -> S3:
    made = client("s3")
    made.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    let_lambda_read(made, BUCKET)
    return made


def write(
    workspace: Path, content: int, settings: str = "s3: {mode: reference}, retain: 1"
) -> None:
    (workspace / "a.py").write_text(f"A = {content}\n")
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "3.12"\nproof: off\nlayers:\n  code: {{include: a.py, {settings}}}\n'
    )


def stored(s3: S3) -> list[str]:
    """List the versions of all objects by key; delete markers are none."""
    return [item["Key"] for item in s3.list_object_versions(Bucket=BUCKET).get("Versions", [])]


def numbers(client: Connect) -> list[int]:
    listed = client("lambda").list_layer_versions(LayerName="code")["LayerVersions"]
    return sorted(item["Version"] for item in listed)


def delivery(workspace: Path) -> dict[str, Any]:
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    found: dict[str, Any] = report["layers"][0]["delivery"].get("eu-west-1", {})
    return found


def test_the_object_of_a_retired_version_goes_with_it(
    run: Run, workspace: Path, proxy: Proxy, client: Connect, s3: S3
) -> None:
    proxy.rules = [Reference()]
    done = None
    for content in range(3):
        write(workspace, content)
        done = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
        assert done.returncode == 0, done.stderr
        assert "warning: " not in done.stderr
    assert done
    assert numbers(client) == [3]
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    assert stored(s3) == [f"layers/code/{report['layers'][0]['sha256']}.zip"]
    (address,) = delivery(workspace)["discarded"]
    assert address.startswith("s3://ours/layers/code/")
    assert f"code: removed {address}\n" in done.stderr


def test_an_object_that_another_version_refers_to_stays(
    run: Run, workspace: Path, proxy: Proxy, client: Connect, s3: S3
) -> None:
    proxy.rules = [Reference()]
    for description in ("one", "two"):
        write(workspace, 1, f"s3: {{mode: reference}}, retain: 1, description: {description}")
        done = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
        assert done.returncode == 0, done.stderr
    assert (numbers(client), len(stored(s3))) == ([2], 1)
    assert delivery(workspace)["discarded"] == []


@pytest.mark.parametrize("key", ["theirs.zip", "layers/code/0000.zip", "layers/more/SHA.zip"])
def test_an_object_that_is_not_ours_stays(  # noqa: PLR0913, PLR0917 (a table's case)
    run: Run, workspace: Path, proxy: Proxy, client: Connect, s3: S3, key: str
) -> None:
    rule = Reference()
    proxy.rules = [rule]
    write(workspace, 1)
    assert run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url}).returncode == 0
    (named,) = rule.objects.values()
    named["S3Key"] = key.replace("SHA", named["S3Key"].rpartition("/")[2].removesuffix(".zip"))
    put = s3.put_object(Bucket=BUCKET, Key=named["S3Key"], Body=b"theirs")
    named["S3ObjectVersion"] = put["VersionId"]
    write(workspace, 2)
    assert run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url}).returncode == 0
    assert numbers(client) == [2]
    assert named["S3Key"] in stored(s3)


@pytest.mark.parametrize("operation", ["DeleteObject", "GetLayerVersion"])
def test_what_cannot_be_removed_is_warned_of(  # noqa: PLR0913, PLR0917 (a table's case)
    run: Run, workspace: Path, proxy: Proxy, client: Connect, s3: S3, operation: str
) -> None:
    rule = Reference()
    proxy.rules = [rule]
    write(workspace, 1)
    assert run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url}).returncode == 0
    write(workspace, 2, "s3: {mode: reference}")
    assert run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url}).returncode == 0
    write(workspace, 2)
    rule.refused = operation
    done = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert len(stored(s3)) == 2
    if operation == "DeleteObject":
        assert numbers(client) == [2]
        assert "warning: layer code: objects of deleted versions stay in the bucket" in done.stderr
        assert "docs/iam/retention-s3-reference.json" in done.stderr
    else:
        assert numbers(client) == [1, 2], "what it refers to is not known"
        assert "old versions in eu-west-1 are still there: 1" in done.stderr


class Locked:
    """An S3 whose objects are encrypted with a key that the caller may not use."""

    def __init__(self, operation: str) -> None:
        self.operation = operation

    def refuse(self, call: Call) -> Answer | None:
        checks = any(name.lower() == "x-amz-checksum-mode" for name in call.headers)
        if call.operation == "HeadObject" == self.operation and checks:
            return Answer(status=403)
        if call.operation == self.operation != "HeadObject":
            who = "User: arn:aws:sts::123456789012:assumed-role/layers/run is not authorized to"
            said = (
                f"{who} perform: kms:GenerateDataKey on resource: {KEY} because no identity-based"
            )
            return refusal(call, 403, "AccessDenied", f"{said} policy allows the action")
        return None

    def amend(self, call: Call, answer: Answer) -> Answer:
        if call.operation != "HeadObject" or answer.status != 200:
            return answer
        sealed = {
            "x-amz-server-side-encryption": "aws:kms",
            "x-amz-server-side-encryption-aws-kms-key-id": KEY,
        }
        return replace(answer, headers={**answer.headers, **sealed})


@pytest.mark.parametrize("operation", ["HeadObject", "PutObject", "PublishLayerVersion"])
def test_a_key_that_may_not_be_used_is_named(  # noqa: PLR0913, PLR0917 (a table's case)
    run: Run, workspace: Path, proxy: Proxy, client: Connect, s3: S3, operation: str
) -> None:
    write(workspace, 1, "s3: {mode: reference}")
    proxy.rules = [Locked(operation)]
    if operation == "HeadObject":
        assert run(*WORDS).returncode == 0
        client("lambda").delete_layer_version(LayerName="code", VersionNumber=1)
    done = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 6, done.stderr
    assert KEY in done.stderr
    assert "docs/iam/publish-s3-kms.json" in done.stderr
    assert "kms:GenerateDataKey" in done.stderr
    assert "give the role the permission for s3:GetObject" not in done.stderr
    assert stored(s3) == [] or operation != "PutObject"


def test_an_object_that_is_merely_denied_is_told_as_that(
    run: Run, workspace: Path, proxy: Proxy, s3: S3
) -> None:
    class Denied(Locked):
        def refuse(self, call: Call) -> Answer | None:
            return Answer(status=403) if call.operation == "HeadObject" else None

    assert s3
    write(workspace, 1, "s3: {mode: reference}")
    proxy.rules = [Denied("")]
    done = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 6, done.stderr
    assert "give the role the permission for s3:GetObject on the bucket" in done.stderr
    assert "kms" not in done.stderr


@pytest.mark.parametrize("operation", ["DeleteObject", "GetLayerVersion", "DeleteLayerVersion"])
@pytest.mark.parametrize("fault", [Fault.RESET_AFTER, Fault.INTERNAL, Fault.THROTTLED])
def test_faults_on_the_way_leave_nothing_behind(  # noqa: PLR0913, PLR0917 (a case of the table)
    run: Run, workspace: Path, proxy: Proxy, client: Connect, s3: S3, operation: str, fault: Fault
) -> None:
    proxy.rules = [Reference()]
    write(workspace, 1)
    assert run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url}).returncode == 0
    write(workspace, 2)
    proxy.troubles = (Trouble(fault=fault, operation=operation, times=2),)
    done = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert (numbers(client), len(stored(s3))) == ([2], 1)
    assert "warning: " not in done.stderr
