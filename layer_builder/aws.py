"""The only door to AWS: reads layer versions, publishes new ones.

API: https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
"""

import base64
import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
import botocore.config
import botocore.exceptions

from layer_builder import aws_errors, limits
from layer_builder.errors import AwsError, LayerBuilderError, LimitError
from layer_builder.layer import Built
from layer_builder.target import Target


@dataclass(frozen=True, kw_only=True)
class LayerVersion:
    """A published layer version, as AWS tells it."""

    arn: str
    version: int
    sha256: str
    """Of the zip, in hexadecimal (AWS gives it in base64)."""
    runtimes: frozenset[str]
    architectures: frozenset[str]
    description: str
    license: str

    def holds(self, built: Built) -> bool:
        """Tell whether publishing this build would change nothing."""
        layer = built.layer
        return (
            self.sha256 == built.archive.sha256
            and self.runtimes == set(runtimes(built))
            and self.architectures == set(architectures(built))
            and self.description == layer.description
            and self.license == layer.license
        )


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Where zips go that are too large for a request; `{region}` in the name is filled in."""

    name: str
    prefix: str = ""

    def key(self, built: Built) -> str:
        """Name the object after its content: the same zip is uploaded once."""
        prefix = f"{self.prefix.strip('/')}/" if self.prefix.strip("/") else ""
        return f"{prefix}{built.layer.name}/{built.archive.sha256}.zip"


class Aws:
    """Lambda and S3 in one region."""

    def __init__(self, region: str, bucket: Bucket | None = None) -> None:
        """Make clients; nothing is sent yet. Raises AwsError when there are no credentials."""
        self.region = region
        self._bucket = bucket
        with self._translated(None):
            self._session = boto3.session.Session(region_name=region)
        self._require_credentials()
        self._lambda = self._client("lambda", attempts=5)
        # A publish that timed out may have happened: botocore must not repeat it.
        self._publishing = self._client("lambda", attempts=1)

    def newest(self, built: Built) -> LayerVersion | None:
        """Read the newest version of a layer, None when there is none."""
        name = built.layer.name
        with self._translated(built):
            pages = self._lambda.get_paginator("list_layer_versions").paginate(LayerName=name)
            versions = [item["Version"] for page in pages for item in page["LayerVersions"]]
            if not versions:
                return None
            answer = self._lambda.get_layer_version(LayerName=name, VersionNumber=max(versions))
            return _version(answer)

    def check(self, built: Built) -> None:
        """Make sure, before anything is written, that this layer can be sent.

        Raises LimitError when the request would be too large, AwsError when the bucket is missing,
        in another region, or not ours to use.
        """
        if self._bucket and self._needs_bucket(built):
            self._check_bucket(built, self._bucket.name.format(region=self.region))
            return
        body = limits.request_body_bytes(
            built.archive.weight.zip_bytes, envelope_bytes(_metadata(built), self.region)
        )
        if body >= limits.REQUEST_BODY_BYTES:
            raise LimitError.because(
                f"the request to publish it would be {body:,} bytes;"
                f" AWS takes less than {limits.REQUEST_BODY_BYTES:,}",
                layer=built.layer.key,
                advice=("set s3-bucket: a zip in S3 may be larger",),
            )

    def publish(self, built: Built) -> LayerVersion:
        """Publish a new version, in the request or through the bucket."""
        with self._translated(built):
            if self._bucket and self._needs_bucket(built):
                content = self._upload(built, self._bucket)
            else:
                content = {"ZipFile": built.archive.path.read_bytes()}
            answer = self._publishing.publish_layer_version(Content=content, **_metadata(built))
            return _version(answer)

    def _needs_bucket(self, built: Built) -> bool:
        return built.archive.weight.zip_bytes > limits.INLINE_ZIP_BYTES

    def _upload(self, built: Built, bucket: Bucket) -> dict[str, Any]:
        name, key = bucket.name.format(region=self.region), bucket.key(built)
        s3 = self._client("s3", attempts=5)
        try:
            s3.head_object(Bucket=name, Key=key)
        except botocore.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:  # noqa: PLR2004 (not found)
                raise
            s3.upload_file(
                str(built.archive.path), name, key, ExtraArgs={"ChecksumAlgorithm": "SHA256"}
            )
        return {"S3Bucket": name, "S3Key": key}

    def _check_bucket(self, built: Built, name: str) -> None:
        with self._translated(built):
            answer = self._client("s3", attempts=5).head_bucket(Bucket=name)
            headers = answer["ResponseMetadata"]["HTTPHeaders"]
            region = answer.get("BucketRegion") or headers.get("x-amz-bucket-region")
        if region and region != self.region:
            raise AwsError(aws_errors.bucket_elsewhere(built.layer.key, name, region, self.region))

    def _require_credentials(self) -> None:
        with self._translated(None):
            if self._session.get_credentials() is None:
                raise botocore.exceptions.NoCredentialsError

    def _client(self, service: Any, attempts: int) -> Any:  # noqa: ANN401 (boto3 makes its classes at run time)
        config = botocore.config.Config(
            connect_timeout=10,
            read_timeout=300,
            retries={"mode": "standard", "total_max_attempts": attempts},
            user_agent_extra="layer-builder",
        )
        return self._session.client(service, config=config)

    @contextlib.contextmanager
    def _translated(self, built: Built | None) -> Iterator[None]:
        try:
            yield
        except LayerBuilderError:
            raise
        except (
            botocore.exceptions.ClientError,
            botocore.exceptions.BotoCoreError,
            boto3.exceptions.Boto3Error,
        ) as error:
            raise aws_errors.translate(error, built, self.region) from error


@cache
def _envelope_client(region: str) -> Any:  # noqa: ANN401 (boto3 makes its classes at run time)
    session = boto3.session.Session("unused", "unused", region_name=region)
    return session.client("lambda", endpoint_url="http://localhost:9")


def envelope_bytes(metadata: Mapping[str, Any], region: str = "us-east-1") -> int:
    """Measure the JSON around the zip, by having botocore build the request and not send it."""
    client = _envelope_client(region)
    sizes: list[int] = []

    def stop(params: dict[str, Any], **_: object) -> tuple[object, dict[str, object]]:
        sizes.append(len(params["body"]))
        return type("Unsent", (), {"status_code": 200})(), {}

    client.meta.events.register_first("before-call.lambda.PublishLayerVersion", stop, "measure")
    try:
        client.publish_layer_version(Content={"ZipFile": b""}, **metadata)
    finally:
        client.meta.events.unregister("before-call.lambda.PublishLayerVersion", stop, "measure")
    return sizes[0]


def _metadata(built: Built) -> dict[str, Any]:
    layer = built.layer
    metadata: dict[str, Any] = {
        "LayerName": layer.name,
        "CompatibleRuntimes": runtimes(built),
        "CompatibleArchitectures": architectures(built),
    }
    if layer.description:
        metadata["Description"] = layer.description
    if layer.license:
        metadata["LicenseInfo"] = layer.license
    return metadata


def runtimes(built: Built) -> list[str]:
    """Name the runtimes that a layer version is for."""
    return list(dict.fromkeys(target.runtime for target in _targets(built)))


def architectures(built: Built) -> list[str]:
    """Name the architectures that a layer version is for."""
    return list(dict.fromkeys(str(target.architecture) for target in _targets(built)))


def _targets(built: Built) -> tuple[Target, ...]:
    return built.targets or (built.layer.target,)


def _version(answer: Mapping[str, Any]) -> LayerVersion:
    digest = answer.get("Content", {}).get("CodeSha256") or ""
    return LayerVersion(
        arn=answer["LayerVersionArn"],
        version=int(answer["Version"]),
        sha256=base64.b64decode(digest).hex(),
        runtimes=frozenset(answer.get("CompatibleRuntimes") or ()),
        architectures=frozenset(answer.get("CompatibleArchitectures") or ()),
        description=answer.get("Description") or "",
        license=answer.get("LicenseInfo") or "",
    )


def default_region() -> str | None:
    """Name the region that the caller's environment or AWS profile sets, if any."""
    # AWS_REGION is what every other SDK reads, and what a workflow sets; boto3 does not.
    named = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    if named:
        return named
    try:
        return boto3.session.Session().region_name
    except botocore.exceptions.BotoCoreError:
        return None


@contextlib.contextmanager
def sandbox() -> Iterator[None]:
    """Answer all AWS calls of this process from moto, in memory; nothing leaves the machine.

    The caller's own AWS settings are put away meanwhile: an endpoint among them would lead out.
    """
    from moto import mock_aws  # noqa: PLC0415 (half a second, and installed only for the sandbox)

    saved = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    for name in saved:
        del os.environ[name]
    os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    try:
        with mock_aws():
            yield
    finally:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            del os.environ[name]
        os.environ |= saved


def sandbox_bucket(bucket: Bucket, region: str) -> None:
    """Create the bucket that a sandbox run names: there is nobody else who could."""
    where = {} if region == "us-east-1" else {"LocationConstraint": region}
    extra = {"CreateBucketConfiguration": where} if where else {}
    s3: Any = boto3.client("s3", region_name=region)
    s3.create_bucket(Bucket=bucket.name.format(region=region), **extra)
