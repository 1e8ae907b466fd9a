"""A look at what an AWS holds, past the proxy."""

import base64
import contextlib
import io
import json
import zipfile
from collections.abc import Mapping
from typing import Any

import botocore.exceptions
from botocore.config import Config

from .reference import let_lambda_read
from .sessions import session


class View:
    """The emulator at `url`, seen with clients of our own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: Any, region: str) -> Any:  # noqa: ANN401 (boto3 makes its classes at run time)
        """Give a client; the same for the same service and region."""
        if (service, region) not in self._clients:
            config = Config(region_name=region, retries={"total_max_attempts": 3})
            made = session().client(service, endpoint_url=self.url, config=config)
            self._clients[service, region] = made
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

    def publish(
        self, name: str, region: str, description: str = "", zipped: bytes | None = None
    ) -> None:
        """Publish a version of a layer; without a zip it holds nothing of ours."""
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as file:
            file.writestr("python/older.py", "OLDER = True\n")
        self.client("lambda", region).publish_layer_version(
            LayerName=name,
            Content={"ZipFile": zipped or content.getvalue()},
            CompatibleRuntimes=["python3.12"],
            CompatibleArchitectures=["x86_64"],
            Description=description,
        )

    def furnish(
        self, region: str, layers: Mapping[str, int], functions: Mapping[str, list[str]]
    ) -> None:
        """Publish so many versions of layers, of the owner `team`, and functions that have them."""
        for name, count in layers.items():
            for _ in range(count):
                self.publish(name, region, f"[llb1 {'k' * 22} team -]")
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
        policy = {"Version": "2012-10-17", "Statement": [{**trust, "Action": "sts:AssumeRole"}]}
        role = self.client("iam", region).create_role(
            RoleName="r", AssumeRolePolicyDocument=json.dumps(policy)
        )
        for name, arns in functions.items():
            content = io.BytesIO()
            with zipfile.ZipFile(content, "w") as file:
                file.writestr("app.py", "")
            self.client("lambda", region).create_function(
                FunctionName=name,
                Runtime="python3.12",
                Role=role["Role"]["Arn"],
                Handler="app.handle",
                Code={"ZipFile": content.getvalue()},
                Layers=arns,
            )

    def share(self, region: str, name: str, count: int, account: str) -> None:
        """Publish so many versions of a layer, as our program shares them with an account."""
        for number in range(1, count + 1):
            self.publish(name, region)
            self.client("lambda", region).add_layer_version_permission(
                LayerName=name,
                VersionNumber=number,
                StatementId=f"layer-builder-{account}",
                Action="lambda:GetLayerVersion",
                Principal=account,
            )

    def layers_of(self, function: str, region: str) -> list[str]:
        """Give the layers of a function, in order."""
        api = self.client("lambda", region)
        found = api.get_function_configuration(FunctionName=function).get("Layers") or []
        return [layer["Arn"] for layer in found]

    def statements(self, name: str, version: int, region: str) -> list[str]:
        """Give the statements of a layer version's policy, by their names, in order."""
        api = self.client("lambda", region)
        try:
            policy = api.get_layer_version_policy(LayerName=name, VersionNumber=version)["Policy"]
        except botocore.exceptions.ClientError:
            return []
        return sorted(statement["Sid"] for statement in json.loads(policy)["Statement"])

    def parameter(self, name: str, region: str) -> str:
        """Give the value of a parameter; empty when there is none."""
        found = self.client("ssm", region).get_parameters(Names=[name])["Parameters"]
        return str(found[0]["Value"]) if found else ""

    def make_bucket(self, name: str, region: str) -> None:
        """Make a bucket, if it is not there."""
        s3 = self.client("s3", region)
        with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            where = {"LocationConstraint": region}
            s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)

    def refer(self, name: str, region: str) -> None:
        """Have Lambda read a bucket that keeps versions."""
        let_lambda_read(self.client("s3", region), name)

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
