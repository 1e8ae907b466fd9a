"""Layer versions on AWS: reads those that are there, publishes new ones, deletes old ones.

API: https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
"""

import base64
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import boto3.session
import botocore.config
import botocore.exceptions

from layer_builder.aws.retry import RetryState
from layer_builder.aws.s3 import Bucket, discard
from layer_builder.aws.session import Aws
from layer_builder.aws.transport import Client, readable
from layer_builder.errors import Failure, LimitError
from layer_builder.model import (
    INLINE_ZIP_BYTES,
    REQUEST_BODY_BYTES,
    Built,
    LayerVersion,
    Releasable,
    StoredObject,
    mib,
    request_body_bytes,
)
from layer_builder.parallel import ByteBudget

# A zip in a request is base64 within JSON, and botocore holds it four times over:
# https://docs.aws.amazon.com/lambda/latest/api/API_LayerVersionContentInput.html
_IN_FLIGHT = ByteBudget(INLINE_ZIP_BYTES)


_ONE_AT_A_TIME = threading.Lock()
"""A client is some megabytes; a cache without a lock lets each thread make one."""


class LayerVersions:
    """The layer versions of one region."""

    def __init__(self, aws: Aws, bucket: Bucket | None = None) -> None:
        """Take the region, and the bucket for large zips; nothing is sent yet."""
        self.region = aws.region
        self._aws = aws
        self._bucket = bucket
        self._takes_no_architectures = False
        # botocore must not repeat a publish: one that timed out may have happened, and AWS makes a
        # second version of it: https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html
        self._lambda = aws.client("lambda", attempts=1)

    def newest(self, built: Built) -> LayerVersion | None:
        """Read the newest version of a layer, None when there is none."""
        with self._aws.translated(built):
            numbers = self._numbers(built.layer.name)
            return self._read(built.layer.name, max(numbers)) if numbers else None

    def newer(self, built: Built, than: int) -> Iterator[LayerVersion]:
        """Read the versions of a layer that came after one, newest first."""
        with self._aws.translated(built):
            for number in sorted(self._numbers(built.layer.name), reverse=True):
                if number > than:
                    yield self._read(built.layer.name, number)

    def _numbers(self, name: str) -> list[int]:
        return self._aws.listed(
            "ListLayerVersions",
            self._lambda.list_layer_versions,
            lambda page: [int(item["Version"]) for item in page["LayerVersions"]],
            LayerName=name,
        )

    def _read(self, name: str, number: int) -> LayerVersion:
        # Only this tells the digest; a list does not:
        # https://docs.aws.amazon.com/lambda/latest/api/API_LayerVersionsListItem.html
        return self._aws.repeated(
            lambda: _version(
                "GetLayerVersion",
                self._lambda.get_layer_version(LayerName=name, VersionNumber=number),
            )
        )

    def wait(self, seconds: float) -> None:
        """Wait before another look, or another try."""
        self._aws.wait(seconds)

    def may_repeat(self, state: RetryState, failure: Failure) -> bool:
        """Wait before another try; False when there is to be none."""
        return self._aws.may_repeat(state, failure)

    def check_bucket(self, *, for_reference: bool) -> None:
        """Make sure, before anything is built, that the bucket can be used.

        Raises AwsError when it is missing, in another region, or not ours to use.
        """
        if self._bucket:
            self._bucket.check(self._aws, for_reference=for_reference)

    def check(self, built: Built) -> None:
        """Make sure, before anything is written, that this layer can be sent.

        Raises LimitError when the request would be too large.
        """
        if self._bucket and self._bucket.takes(built):
            return
        body = request_body_bytes(
            built.archive.weight.zip_bytes, envelope_bytes(_metadata(built), self.region)
        )
        if body >= REQUEST_BODY_BYTES:
            raise LimitError.because(
                f"the request to publish it would be {mib(body)};"
                f" AWS takes less than {mib(REQUEST_BODY_BYTES)}",
                layer=built.layer.key,
                advice=("set s3-bucket: a zip in S3 may be larger",),
            )

    def stage(self, built: Built) -> None:
        """Put the zip into the bucket, where it goes through one; done twice it is done once."""
        if self._bucket and self._bucket.takes(built):
            with self._aws.translated(built):
                self._bucket.upload(self._aws, built)

    def unstage(self, built: Built) -> bool:
        """Remove the zip from the bucket, where that is wanted; tells whether it was there."""
        wanted = built.layer.delivery.removes_object
        if self._bucket and wanted and self._bucket.takes(built):
            return self._bucket.remove(self._aws, built)
        return False

    def publish(self, built: Built) -> LayerVersion:
        """Ask once for a new version of a layer that is staged.

        Raises AwsError whose `failure` says whether it may have happened nevertheless.
        """
        with self._aws.translated(built):
            if self._bucket and self._bucket.takes(built):
                return self._publish(built, self._bucket.content(self._aws, built))
            with _IN_FLIGHT.taken(built.archive.weight.zip_bytes):
                return self._publish(built, {"ZipFile": built.archive.path.read_bytes()})

    def delete(self, built: Releasable, number: int) -> None:
        """Delete a version; deleted twice it is deleted once.

        https://docs.aws.amazon.com/lambda/latest/api/API_DeleteLayerVersion.html
        """
        with self._aws.translated(built):
            self._delete(built.layer.name, number)

    def delete_version(self, name: str, number: int) -> None:
        """Delete a version of a layer that no manifest has."""
        with self._aws.translated(None):
            self._delete(name, number)

    def _delete(self, name: str, number: int) -> None:
        self._aws.repeated(
            lambda: self._lambda.delete_layer_version(LayerName=name, VersionNumber=number)
        )

    def discard(self, stored: StoredObject, built: Releasable | None) -> None:
        """Remove an object that no layer version refers to any more; removed twice it is gone once."""
        with self._aws.translated(built):
            discard(self._aws, stored)

    def _publish(self, built: Built, content: Mapping[str, Any]) -> LayerVersion:
        if "S3Key" in content and "S3ObjectVersion" not in content and built.stamp:
            # The object may be another when Lambda reads it, and this run be killed before it can
            # tell: then nothing may take the version for what its stamp says.
            built = replace(built, stamp=built.stamp.unproven)
        metadata = _metadata(built)
        if self._takes_no_architectures:
            metadata.pop("CompatibleArchitectures", None)
        try:
            answer = self._lambda.publish_layer_version(Content=content, **metadata)
        except botocore.exceptions.ClientError as error:
            if "CompatibleArchitectures" not in metadata or not _refuses_architectures(error):
                raise
            # A refusal: nothing was published.
            self._takes_no_architectures = True
            return self._publish(built, content)
        return _version("PublishLayerVersion", answer)


def _refuses_architectures(error: botocore.exceptions.ClientError) -> bool:
    """Tell whether a region knows nothing of architectures."""
    # "CompatibleArchitectures are not supported in af-south-1. Please remove the
    # CompatibleArchitectures value from your request and try again":
    # https://github.com/elastic/apm-aws-lambda/pull/112
    said = error.response["Error"]
    return said.get("Code") == "InvalidParameterValueException" and bool(
        re.search(r"CompatibleArchitectures (?:are|is) not supported", str(said.get("Message", "")))
    )


def envelope_bytes(metadata: Mapping[str, Any], region: str = "us-east-1") -> int:
    """Measure the JSON around the zip, by having botocore build the request and not send it."""
    with _ONE_AT_A_TIME:
        client = _measuring_client(region)
    answer = client.publish_layer_version(Content={"ZipFile": b""}, **metadata)
    return int(answer["Bytes"])


@cache
def _measuring_client(region: str) -> Client:
    """Make a client whose publish measures the request and sends nothing; for any thread."""
    session = boto3.session.Session("unused", "unused", region_name=region)
    # The caller's settings of retries, which may be none, are nothing to what is never sent.
    config = botocore.config.Config(retries={"mode": "standard", "total_max_attempts": 1})
    client: Client = session.client("lambda", endpoint_url="http://localhost:9", config=config)

    def measure(params: dict[str, Any], **_: object) -> tuple[object, dict[str, object]]:
        return type("Unsent", (), {"status_code": 200})(), {"Bytes": len(params["body"])}

    client.meta.events.register_first("before-call.lambda.PublishLayerVersion", measure, "measure")
    return client


def _metadata(built: Built) -> dict[str, Any]:
    layer = built.layer
    metadata: dict[str, Any] = {
        "LayerName": layer.name,
        "CompatibleRuntimes": built.runtimes,
    }
    if built.architectures:
        metadata["CompatibleArchitectures"] = built.architectures
    if built.description:
        metadata["Description"] = built.description
    if built.license_info:
        metadata["LicenseInfo"] = built.license_info
    return metadata


def _version(operation: str, answer: Mapping[str, Any]) -> LayerVersion:
    with readable(operation):
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
