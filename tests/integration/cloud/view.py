"""A look at what an AWS holds, past the proxy."""

import base64
import contextlib
import io
import zipfile
from typing import Any

import boto3
import botocore.exceptions
from botocore.config import Config


class View:
    """The emulator at `url`, seen with clients of our own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: Any, region: str) -> Any:  # noqa: ANN401 (boto3 makes its classes at run time)
        """Give a client; the same for the same service and region."""
        if (service, region) not in self._clients:
            session = boto3.session.Session("testing", "testing", region_name=region)
            self._clients[service, region] = session.client(
                service, endpoint_url=self.url, config=Config(retries={"total_max_attempts": 3})
            )
        return self._clients[service, region]

    def close(self) -> None:
        """Close the clients."""
        for client in self._clients.values():
            client.close()

    def versions(self, region: str) -> dict[str, tuple[str, str]]:
        """Give all layer versions in a region by ARN: the layer's name and the zip's SHA-256."""
        api = self.client("lambda", region)
        found = {}
        for name in self._layers(region):
            pages = api.get_paginator("list_layer_versions").paginate(LayerName=name)
            for version in (item["Version"] for page in pages for item in page["LayerVersions"]):
                answer = api.get_layer_version(LayerName=name, VersionNumber=version)
                digest = base64.b64decode(answer["Content"]["CodeSha256"]).hex()
                found[answer["LayerVersionArn"]] = (name, digest)
        return found

    def _layers(self, region: str) -> list[str]:
        pages = self.client("lambda", region).get_paginator("list_layers").paginate()
        return [layer["LayerName"] for page in pages for layer in page["Layers"]]

    def publish(self, name: str, region: str) -> None:
        """Publish a version of a layer that holds nothing of ours."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as file:
            file.writestr("python/older.py", "OLDER = True\n")
        self.client("lambda", region).publish_layer_version(
            LayerName=name, Content={"ZipFile": content.getvalue()}
        )

    def make_bucket(self, name: str, region: str) -> None:
        """Make a bucket, if it is not there."""
        s3 = self.client("s3", region)
        with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            where = {"LocationConstraint": region}
            s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)

    def objects(self, bucket: str, region: str) -> set[str]:
        """Give the keys in a bucket; none when there is no bucket."""
        try:
            answer = self.client("s3", region).list_objects_v2(Bucket=bucket)
        except botocore.exceptions.ClientError:
            return set()
        return {item["Key"] for item in answer.get("Contents", ())}

    def uploads(self, bucket: str, region: str) -> set[str]:
        """Give the keys of multipart uploads that are still open."""
        try:
            answer = self.client("s3", region).list_multipart_uploads(Bucket=bucket)
        except botocore.exceptions.ClientError:
            return set()
        return {item["Key"] for item in answer.get("Uploads", ())}
