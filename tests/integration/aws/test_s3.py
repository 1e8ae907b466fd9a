"""Zips that go through a bucket: checked early, uploaded once and whole, removed, referred to."""

import base64
import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from ..cloud.answers import Answer, refusal
from ..cloud.calls import Call
from ..cloud.faults import Fault, Trouble
from ..cloud.proxy import Proxy
from ..cloud.sampling import sampled

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Connect: TypeAlias = Callable[..., Any]
Versions: TypeAlias = Callable[..., list[str]]
S3: TypeAlias = Any
"""A client: boto3 makes its class at run time."""

CODE = "arn:aws:lambda:eu-west-1:123456789012:layer:code:1"
MIB = 1024 * 1024
WORDS = ["publish", "--s3-bucket", "ours-{region}"]
POLICY = {
    "Version": "2012-10-17",
    "Statement": {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Resource": "arn:aws:s3:::ours-eu-west-1/*",
    },
}


@pytest.fixture
def s3(client: Connect) -> S3:
    made = client("s3")
    make(made)
    return made


def make(s3: S3, region: str = "eu-west-1") -> None:
    where = {"LocationConstraint": region}
    s3.create_bucket(Bucket=f"ours-{region}", CreateBucketConfiguration=where)


def write(workspace: Path, s3: str = "", *, large: bool = True) -> None:
    (workspace / "layers.yml").write_text(
        f'version: 1\npython: "3.12"\ncompression: fast\n{s3}layers:\n  code: {{include: a.bin}}\n'
    )
    (workspace / "a.bin").write_bytes(os.urandom(51 * MIB if large else 100))


def layer(workspace: Path) -> dict[str, Any]:
    [found] = json.loads((workspace / "dist/layers/report.json").read_text())["layers"]
    assert isinstance(found, dict)
    return found


def keys(s3: S3) -> list[str]:
    return [item["Key"] for item in s3.list_objects_v2(Bucket="ours-eu-west-1").get("Contents", [])]


def uploads(s3: S3) -> list[str]:
    answer = s3.list_multipart_uploads(Bucket="ours-eu-west-1")
    return [upload["Key"] for upload in answer.get("Uploads", [])]


def test_a_bucket_that_is_missing_is_told_before_anything_is_built(
    run: Run, workspace: Path, versions: Versions
) -> None:
    write(workspace, large=False)
    done = run(*WORDS)
    assert done.returncode == 6
    assert "error: the S3 bucket does not exist\n" in done.stderr
    assert "zipped" not in done.stderr
    assert versions() == []


def test_a_region_without_its_bucket_leaves_the_others_to_publish(
    run: Run, workspace: Path, client: Connect, versions: Versions
) -> None:
    write(workspace, large=False)
    make(client("s3", "us-east-2"), "us-east-2")
    done = run(*WORDS, "--aws-region", "eu-west-1,us-east-2")
    assert done.returncode == 6
    assert (
        "eu-west-1: nothing will be published here: the S3 bucket does not exist\n" in done.stderr
    )
    assert "    not published: code in eu-west-1\n" in done.stderr
    assert (versions(), len(versions("us-east-2"))) == ([], 1)
    assert layer(workspace)["missing"] == {"eu-west-1": "the S3 bucket does not exist"}


@pytest.mark.parametrize(
    ("there", "uploaded"),
    [
        ("the zip", 0),
        ("nothing", 1),
        ("as many other bytes", 1),
        ("fewer bytes", 1),
        ("as many other bytes without a SHA-256", 1),
        ("the zip without a SHA-256", 1),
    ],
)
def test_an_object_is_uploaded_unless_it_is_there_whole(  # noqa: PLR0913, PLR0917 (the fixtures it needs)
    run: Run, workspace: Path, proxy: Proxy, s3: S3, there: str, uploaded: int
) -> None:
    write(workspace)
    assert run("build", "--s3-bucket", "ours-{region}").returncode == 0
    zipped = (workspace / "dist/layers/code.zip").read_bytes()
    key = f"code/{layer(workspace)['sha256']}.zip"
    contents = {
        "the zip": zipped, "as many other bytes": bytes(len(zipped)), "fewer bytes": zipped[:100]
    }  # fmt: skip
    what = there.removesuffix(" without a SHA-256")
    if what in contents:
        how = "CRC32" if what != there else "SHA256"
        s3.put_object(Bucket="ours-eu-west-1", Key=key, Body=contents[what], ChecksumAlgorithm=how)
    done = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert proxy.operations().count("CompleteMultipartUpload") == uploaded
    assert s3.get_object(Bucket="ours-eu-west-1", Key=key)["Body"].read() == zipped


@dataclass
class Intruder:
    """Puts other bytes into the bucket when Lambda is about to take the zip."""

    s3: S3
    may_delete: bool = True
    asked: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, call: Call) -> Answer | None:
        if call.operation == "DeleteLayerVersion" and not self.may_delete:
            return refusal(call, 403, "AccessDeniedException", "no")
        if call.operation == "PublishLayerVersion":
            self.asked.append(json.loads(call.body)["Content"])
            found = self.asked[-1]
            self.s3.put_object(Bucket=found["S3Bucket"], Key=found["S3Key"], Body=b"other bytes")
        return None

    def amend(self, call: Call, answer: Answer) -> Answer:  # noqa: ARG002 (as every rule has it)
        return answer


def test_lambda_is_told_the_version_whose_sha256_was_seen(
    run: Run, workspace: Path, proxy: Proxy, s3: S3
) -> None:
    s3.put_bucket_versioning(Bucket="ours-eu-west-1", VersioningConfiguration={"Status": "Enabled"})
    intruder = Intruder(s3)
    proxy.rules = [intruder]
    write(workspace)
    # moto takes the newest object, whatever version it is asked for: what it is asked for counts.
    run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
    (asked,) = intruder.asked
    zipped = (workspace / "dist/layers/code.zip").read_bytes()
    pinned = s3.get_object(
        Bucket=asked["S3Bucket"], Key=asked["S3Key"], VersionId=asked["S3ObjectVersion"]
    )
    assert pinned["Body"].read() == zipped
    newest = s3.get_object(Bucket=asked["S3Bucket"], Key=asked["S3Key"])
    assert newest["Body"].read() == b"other bytes"


@pytest.mark.parametrize("may_delete", [True, False])
def test_a_version_of_other_bytes_does_not_stay(  # noqa: PLR0913 (the fixtures it needs)
    run: Run, workspace: Path, proxy: Proxy, s3: S3, versions: Versions, *, may_delete: bool
) -> None:
    proxy.rules = [Intruder(s3, may_delete=may_delete)]
    write(workspace)
    done = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 6
    assert f"error: layer code: AWS stored other bytes than were sent: {CODE}\n" in done.stderr
    then = "it was deleted at once\n" if may_delete else "it could not be deleted: DeleteLayerVers"
    assert f"    {then}" in done.stderr
    assert versions() == ([] if may_delete else [CODE])
    assert layer(workspace)["arn"] == {}
    proxy.rules = ()
    again = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
    assert again.returncode == 0, again.stderr
    assert "1 published" in again.stderr


def test_a_version_of_other_bytes_is_told_of_though_its_answer_was_lost(
    run: Run, workspace: Path, proxy: Proxy, s3: S3, versions: Versions
) -> None:
    proxy.rules = [Intruder(s3)]
    proxy.troubles = (Trouble(fault=Fault.RESET_AFTER, operation="PublishLayerVersion"),)
    write(workspace)
    done = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url, "LAYER_BUILDER_PATIENCE": "0.02"})
    assert (done.returncode, versions()) == (6, [CODE])
    stored = sha256(b"other bytes").hexdigest()
    assert f"    {CODE} has this run's stamp and other bytes: sha256 {stored}\n" in done.stderr
    remove = "aws lambda delete-layer-version --layer-name code --version-number 1"
    assert f"  → do not use that version: {remove}\n" in done.stderr


@pytest.mark.parametrize("versioned", [True, False])
def test_only_bytes_that_nobody_could_exchange_are_known_by_their_stamp(
    run: Run, workspace: Path, s3: S3, versions: Versions, *, versioned: bool
) -> None:
    if versioned:
        s3.put_bucket_versioning(
            Bucket="ours-eu-west-1", VersioningConfiguration={"Status": "Enabled"}
        )
    write(workspace)
    assert run(*WORDS).returncode == 0
    assert "." in layer(workspace)["stamp"]["key"] or not versioned
    again = run(*WORDS)
    assert (again.returncode, versions()) == (0, [CODE])
    assert layer(workspace)["known"] is versioned


class Owner:
    """Has the bucket belong to an account, as S3 does."""

    def __init__(self, account: str) -> None:
        self.account = account
        self.seen: set[str] = set()
        self.unsaid: set[str] = set()
        """Operations that did not say it."""

    def refuse(self, call: Call) -> Answer | None:
        if call.service != "s3":
            return None
        self.seen.add(call.operation)
        headers = {name.lower(): value for name, value in call.headers.items()}
        if headers.get("x-amz-expected-bucket-owner") == self.account:
            return None
        self.unsaid.add(call.operation)
        return refusal(call, 403, "AccessDenied", "Access Denied")

    def amend(self, call: Call, answer: Answer) -> Answer:  # noqa: ARG002 (as every rule has it)
        return answer


def test_each_call_to_s3_says_whose_the_bucket_is(
    run: Run, workspace: Path, proxy: Proxy, s3: S3, versions: Versions
) -> None:
    s3.put_bucket_versioning(Bucket="ours-eu-west-1", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_policy(Bucket="ours-eu-west-1", Policy=json.dumps(POLICY))
    owner = Owner("123456789012")
    proxy.rules = [owner]
    for settings in ("s3: {remove: true}\n", "s3: {mode: reference}\n"):
        write(workspace, settings)
        done = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
        assert done.returncode == 0, done.stderr
    # s3transfer aborts an upload of which a part failed, and asks nobody.
    proxy.troubles = (Trouble(fault=Fault.EXPIRED, operation="UploadPart", nth=16),)
    write(workspace)
    assert run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url}).returncode == 6
    assert owner.seen == {
        "HeadBucket", "GetBucketVersioning", "GetBucketPolicy", "HeadObject", "ListMultipartUploads",
        "CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "DeleteObject",
        "AbortMultipartUpload",
    }  # fmt: skip
    assert owner.unsaid == set()
    assert len(versions()) == 2


def test_a_bucket_of_another_account_is_not_used(
    run: Run, workspace: Path, proxy: Proxy, s3: S3, versions: Versions
) -> None:
    proxy.rules = [Owner("999999999999")]
    write(workspace, large=False)
    done = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 6
    assert "on the bucket, which must belong to the account of these credentials\n" in done.stderr
    assert (versions(), keys(s3)) == ([], [])


def test_each_part_goes_with_its_sha256(run: Run, workspace: Path, proxy: Proxy, s3: S3) -> None:
    assert s3
    seen: list[dict[str, str]] = []

    class Watch:
        def refuse(self, call: Call) -> None:
            if call.operation == "UploadPart":
                seen.append({name.lower(): value for name, value in call.headers.items()})

        def amend(self, call: Call, answer: Answer) -> Answer:  # noqa: ARG002 (as every rule has it)
            return answer

    proxy.rules = [Watch()]
    write(workspace)
    assert run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url}).returncode == 0
    assert len(seen) == 7
    assert {len(base64.b64decode(part["x-amz-checksum-sha256"])) for part in seen} == {32}


@pytest.mark.parametrize(
    ("operation", "fault"),
    sampled(
        ["UploadPart", "CompleteMultipartUpload"],
        [Fault.INTERNAL, Fault.EXPIRED, Fault.RESET_AFTER],
        given=[("CompleteMultipartUpload", Fault.RESET_AFTER)],
    ),
)
def test_an_upload_that_fails_leaves_no_parts(  # noqa: PLR0913, PLR0917 (the fixtures it needs)
    run: Run, workspace: Path, proxy: Proxy, s3: S3, fault: Fault, operation: str
) -> None:
    write(workspace)
    proxy.troubles = (Trouble(fault=fault, operation=operation, nth=1, times=None),)
    done = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
    proxy.clear()
    assert uploads(s3) == []
    if done.returncode:
        assert keys(s3) == []
        assert "error: published before that: nothing\n" in done.stderr
    assert run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url}).returncode == 0
    assert uploads(s3) == []


def test_parts_that_a_killed_run_left_are_removed_by_the_next(
    run: Run, workspace: Path, proxy: Proxy, s3: S3, versions: Versions
) -> None:
    write(workspace)
    run("build", "--s3-bucket", "ours-{region}")
    key = f"code/{layer(workspace)['sha256']}.zip"
    for name in (key, "somebody/else.zip"):
        s3.create_multipart_upload(Bucket="ours-eu-west-1", Key=name)
    done = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert uploads(s3) == ["somebody/else.zip"]
    assert (keys(s3), versions()) == ([key], [CODE])


def test_a_run_whose_upload_another_run_aborted_begins_anew(
    run: Run, workspace: Path, proxy: Proxy, s3: S3
) -> None:
    class Another:
        done = False

        def refuse(self, call: Call) -> Answer | None:
            if call.operation != "CompleteMultipartUpload" or self.done:
                return None
            self.done = True
            [found] = s3.list_multipart_uploads(Bucket="ours-eu-west-1")["Uploads"]
            s3.abort_multipart_upload(
                Bucket="ours-eu-west-1", Key=found["Key"], UploadId=found["UploadId"]
            )
            return refusal(call, 404, "NoSuchUpload", "The specified upload does not exist.")

        def amend(self, call: Call, answer: Answer) -> Answer:  # noqa: ARG002 (as every rule has it)
            return answer

    proxy.rules = [Another()]
    write(workspace)
    done = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == 0, done.stderr
    assert proxy.operations().count("CompleteMultipartUpload") == 2
    assert (len(keys(s3)), uploads(s3)) == (1, [])


@pytest.mark.parametrize("versioned", [True, False])
def test_the_object_is_removed_on_request(
    run: Run, workspace: Path, s3: S3, versions: Versions, *, versioned: bool
) -> None:
    if versioned:
        s3.put_bucket_versioning(
            Bucket="ours-eu-west-1", VersioningConfiguration={"Status": "Enabled"}
        )
    write(workspace, "s3: {remove: true}\n")
    done = run(*WORDS)
    assert done.returncode == 0, done.stderr
    assert "code: removed its zip from the bucket in eu-west-1\n" in done.stderr
    assert layer(workspace)["delivery"]["eu-west-1"]["object_removed"] is True
    assert (versions(), keys(s3)) == ([CODE], [])
    assert "Versions" not in s3.list_object_versions(Bucket="ours-eu-west-1")
    # What a run left that was killed in between goes with the next.
    zipped = workspace / "dist/layers/code.zip"
    key, checksum = f"code/{layer(workspace)['sha256']}.zip", {"ChecksumAlgorithm": "SHA256"}
    s3.upload_file(str(zipped), "ours-eu-west-1", key, ExtraArgs=checksum)
    assert run(*WORDS).returncode == 0
    assert (versions(), keys(s3)) == ([CODE], [])


def test_a_reference_needs_a_bucket(run: Run, workspace: Path) -> None:
    write(workspace, "s3: {mode: reference}\n", large=False)
    done = run("publish")
    assert done.returncode == 2
    assert (
        "error: layers.yml:6:3: layer code: s3: {mode: reference} needs a bucket that Lambda can"
        " refer to\n  → set the input s3-bucket\n"
    ) in done.stderr


@pytest.mark.parametrize(
    ("versioning", "policy", "said"),
    [
        ("", POLICY, "the S3 bucket ours-eu-west-1 keeps no versions\n    its versioning is off\n"),
        ("Suspended", POLICY, "    its versioning is Suspended\n"),
        ("Enabled", None, "    it lacks s3:GetObject and s3:GetObjectVersion for lambda"),
        ("Enabled", {**POLICY, "Statement": {**POLICY["Statement"], "Action": "s3:GetObject"}},  # type: ignore[dict-item]
         "    it lacks s3:GetObjectVersion for lambda.amazonaws.com\n  → add this statement: {"),
        ("Enabled", POLICY, None),
    ],
)  # fmt: skip
def test_a_reference_needs_versions_and_a_policy(  # noqa: PLR0913, PLR0917 (the table's columns)
    run: Run, workspace: Path, proxy: Proxy, s3: S3,
    versioning: str, policy: dict[str, Any] | None, said: str | None,
) -> None:  # fmt: skip
    bucket = "ours-eu-west-1"
    if versioning:
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": versioning})
    if policy:
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    sent: list[dict[str, Any]] = []

    class Watch:
        def refuse(self, call: Call) -> None:
            if call.operation == "PublishLayerVersion":
                sent.append(json.loads(call.body)["Content"])

        def amend(self, call: Call, answer: Answer) -> Answer:  # noqa: ARG002 (as every rule has it)
            return answer

    proxy.rules = [Watch()]
    write(workspace, "s3: {mode: reference}\n", large=False)
    done = run(*WORDS, env={"AWS_ENDPOINT_URL": proxy.url})
    assert done.returncode == (6 if said else 0), done.stderr
    if said:
        assert said in done.stderr
        assert (sent, "zipped" in done.stderr) == ([], False)
        return
    [version] = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert sent == [
        {
            "S3Bucket": bucket,
            "S3Key": f"code/{layer(workspace)['sha256']}.zip",
            "S3ObjectVersion": version["VersionId"],
            "S3ObjectStorageMode": "REFERENCE",
        }
    ]
