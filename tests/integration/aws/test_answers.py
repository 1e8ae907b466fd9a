"""What AWS may answer, from a server of our own that speaks as AWS does, and what we make of it."""

import base64
import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layer_builder.aws import layer_versions
from layer_builder.model import limits

from ..cloud.sessions import session

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Answer: TypeAlias = Callable[
    [tuple[str, str, Mapping[str, str], bytes]], tuple[int, Mapping[str, str], bytes]
]
Serve: TypeAlias = Callable[[Answer], str]

ARN = "arn:aws:lambda:eu-west-1:123456789012:layer:{}:1"
S3_TEXT = (
    "Error occurred while GetObject. S3 Error Code: PermanentRedirect. S3 Error Message: The bucket"
    " is in this region: us-east-1. Please use this region to retry the request"
)


@pytest.fixture(autouse=True)
def _(workspace: Path) -> None:
    (workspace / "a.py").write_text("A = 1\n")
    (workspace / "layers.yml").write_text(
        'version: 1\npython: "3.12"\nlayers: {a: {include: a.py}, b: {include: a.py}}\n'
    )


class Lambda:
    """Answers reads with nothing found, and each publish with the next of the given answers."""

    def __init__(self, *answers: tuple[int, str, str]) -> None:
        self.answers = list(answers)
        self.bodies: list[bytes] = []

    def __call__(self, request: Any) -> tuple[int, dict[str, str], bytes]:  # noqa: ANN401 (one line's worth)
        method, path, _, body = request
        if method == "GET":
            return 200, {}, b'{"LayerVersions": []}'
        self.bodies.append(body)
        status, code, message = self.answers.pop(0)
        if status == 201:
            sha256 = message or base64.b64encode(aws_sha256(body)).decode()
            answer = {"LayerVersionArn": ARN.format(path.split("/")[3]), "Version": 1,
                      "Content": {"CodeSha256": sha256}}  # fmt: skip
            return status, {}, json.dumps(answer).encode()
        return status, {"x-amzn-ErrorType": code}, json.dumps({"message": message}).encode()


def aws_sha256(body: bytes) -> bytes:
    return hashlib.sha256(base64.b64decode(json.loads(body)["Content"]["ZipFile"])).digest()


@pytest.mark.parametrize(
    ("status", "code", "text", "exit_code", "said"),
    [
        (413, "RequestEntityTooLargeException",
         "Request must be smaller than 70167211 bytes for the PublishLayerVersion operation", 5,
         ["its zip of 126 B is too large for a request",
          "  → set s3-bucket: a zip in S3 may be larger"]),
        (413, "RequestEntityTooLargeException",
         "Request must be smaller than 69905067 bytes for the PublishLayerVersion operation", 5,
         ["its zip of 126 B is too large for a request"]),
        (400, "InvalidParameterValueException",
         "Unzipped size must be smaller than 262144000 bytes", 5,
         ["it unzips to 6 B; AWS leaves room for 250.0 MiB",
          "S3 does not raise this limit\n"]),
        (400, "InvalidParameterValueException",
         "Unzipped size must be smaller than 85207199 bytes", 5,
         ["AWS leaves room for 81.3 MiB",
          "the rest of the 250 MiB is taken by other layers of the function"]),
        (400, "InvalidParameterValueException",
         "Layers consume more than the available size of 262144000 bytes", 5,
         ["AWS leaves room for 250.0 MiB"]),
        (400, "InvalidParameterValueException",
         "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes."
         " The actual size is 262144001 bytes.", 5,
         ["AWS leaves room for 250.0 MiB"]),
        (400, "InvalidParameterValueException", "Could not unzip uploaded file.", 6,
         ["AWS refused PublishLayerVersion"]),
        (400, "InvalidParameterValueException", S3_TEXT, 6,
         ["the S3 bucket is in another region"]),
        (400, "CodeStorageExceededException", "Code storage limit exceeded.", 6,
         ["the region's code storage is full", "  → delete layer versions that no function uses"]),
        (403, "AccessDeniedException",
         "User: arn:aws:iam::123456789012:user/u is not authorized to perform:"
         " lambda:PublishLayerVersion on resource: arn:aws:lambda:eu-west-1:123456789012:layer:a", 6,
         ["AWS does not allow PublishLayerVersion", "permission for lambda:PublishLayerVersion"]),
        (403, "ExpiredTokenException",
         "The security token included in the request is expired", 6,
         ["the AWS credentials have expired"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_refused_publish_is_explained_and_made_once(  # noqa: PLR0913, PLR0917 (the table's columns)
    run: Run, serve: Serve, status: int, code: str, text: str, exit_code: int, said: list[str]
) -> None:
    fake = Lambda((status, code, text))
    done = run("publish", env={"AWS_ENDPOINT_URL": serve(fake)})
    assert done.returncode == exit_code, done.stderr
    assert [line for line in said if line not in done.stderr] == []
    assert f"    PublishLayerVersion in eu-west-1: {code}: {text}\n" in done.stderr
    assert "error: published before that: nothing\n" in done.stderr
    assert len(fake.bodies) == 1
    assert "Traceback" not in done.stderr


def test_a_run_that_fails_half_way_says_what_is_done_and_what_is_left(
    run: Run, serve: Serve, workspace: Path
) -> None:
    fake = Lambda((201, "", ""), (500, "ServiceException", "An error occurred"))
    done = run("publish", env={"AWS_ENDPOINT_URL": serve(fake)})
    assert done.returncode == 6
    assert f"error: published before that: {ARN.format('a')}\n" in done.stderr
    assert "    not published: b in eu-west-1\n" in done.stderr
    report = json.loads((workspace / "dist/layers/report.json").read_text())
    assert [layer["arn"] for layer in report["layers"]] == [{"eu-west-1": ARN.format("a")}, {}]


def test_bytes_that_arrived_otherwise_are_an_error(run: Run, serve: Serve) -> None:
    other = base64.b64encode(bytes(32)).decode()
    done = run("publish", env={"AWS_ENDPOINT_URL": serve(Lambda((201, "", other)))})
    assert done.returncode == 6
    assert f"AWS stored other bytes than were sent: {ARN.format('a')}" in done.stderr
    assert "    it could not be deleted: " in done.stderr


def test_bytes_that_nobody_tells_of_are_an_error_and_stay(run: Run, serve: Serve) -> None:
    fake = Lambda((201, "", " "))
    done = run("publish", env={"AWS_ENDPOINT_URL": serve(fake)})
    assert done.returncode == 6
    assert "    it was not deleted: AWS did not say what it stored\n" in done.stderr
    assert len(fake.bodies) == 1


def test_the_bucket_is_looked_at_before_anything_is_written(
    run: Run, serve: Serve, workspace: Path
) -> None:
    (workspace / "a.py").write_bytes(os.urandom(51 * limits.MIB))
    elsewhere = {"x-amz-bucket-region": "us-east-1"}
    table: list[tuple[list[tuple[int, dict[str, str]]], str]] = [
        ([(301, elsewhere), (200, elsewhere)],
         "the S3 bucket ours is in us-east-1, and the layers go to eu-west-1"),
        ([(200, elsewhere)], "the S3 bucket ours is in us-east-1, and the layers go to eu-west-1"),
        ([(301, elsewhere), (301, elsewhere)], "the S3 bucket is in another region"),
        ([(404, {})], "the S3 bucket does not exist"),
        ([(403, {})], "give the role the permission for s3:ListBucket"),
    ]  # fmt: skip
    for heads, said in table:
        left, written = list(heads), []

        def answer(request: Any) -> tuple[int, dict[str, str], bytes]:  # noqa: ANN401 (one line's worth)
            method = request[0]
            if method == "GET":
                return 200, {}, b'{"LayerVersions": []}'
            if method == "HEAD":
                status, headers = left.pop(0)  # noqa: B023 (served within this round)
                return status, headers, b""
            written.append(method)  # noqa: B023 (the same)
            return 500, {}, b""

        words = ["publish", "--layers", "a", "--s3-bucket", "ours"]
        done = run(*words, env={"AWS_ENDPOINT_URL": serve(answer)})
        assert (done.returncode, written) == (6, []), done.stderr
        assert said in done.stderr
        assert len(done.stderr.split("error: ")) == 2


@given(
    size=st.integers(0, 3000),
    description=st.text(max_size=256),
    license_=st.text(max_size=512),
    runtimes=st.lists(st.sampled_from(["python3.12", "python3.13"]), unique=True),
)
@settings(
    deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_size_of_a_request_is_what_goes_over_the_wire(
    serve: Serve, size: int, description: str, license_: str, runtimes: list[str]
) -> None:
    sent: list[int] = []

    def answer(request: Any) -> tuple[int, dict[str, str], bytes]:  # noqa: ANN401 (one line's worth)
        sent.append(len(request[3]))
        return 201, {}, b"{}"

    metadata = {
        "LayerName": "a-name-goes-into-the-path",
        "Description": description,
        "LicenseInfo": license_,
        "CompatibleRuntimes": runtimes,
        "CompatibleArchitectures": ["x86_64"],
    }
    client: Any = session().client("lambda", region_name="eu-west-1", endpoint_url=serve(answer))
    client.publish_layer_version(Content={"ZipFile": bytes(size)}, **metadata)
    client.close()
    assert sent == [
        limits.request_body_bytes(size, layer_versions.envelope_bytes(metadata, "eu-west-1"))
    ]
