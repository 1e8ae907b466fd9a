"""The bucket for zips that are too large for a request."""

from dataclasses import dataclass
from typing import Any

import botocore.exceptions

from layer_builder import aws_errors
from layer_builder.aws import Aws
from layer_builder.errors import AwsError
from layer_builder.layer import Built


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Where zips go that are too large for a request; `{region}` in the name is filled in."""

    name: str
    prefix: str = ""

    def key(self, built: Built) -> str:
        """Name the object after its content: the same zip is uploaded once."""
        prefix = f"{self.prefix.strip('/')}/" if self.prefix.strip("/") else ""
        return f"{prefix}{built.layer.name}/{built.archive.sha256}.zip"

    def name_in(self, region: str) -> str:
        """Name the bucket of a region."""
        return self.name.format(region=region)

    def check(self, aws: Aws, built: Built) -> None:
        """Raise AwsError when the bucket is missing, in another region, or not ours to use."""
        name = self.name_in(aws.region)
        with aws.translated(built):
            answer = aws.client("s3", attempts=5).head_bucket(Bucket=name)
            headers = answer["ResponseMetadata"]["HTTPHeaders"]
            region = answer.get("BucketRegion") or headers.get("x-amz-bucket-region")
        if region and region != aws.region:
            raise AwsError(aws_errors.bucket_elsewhere(built.layer.key, name, region, aws.region))

    def content(self, aws: Aws, built: Built) -> dict[str, Any]:
        """Name a zip as PublishLayerVersion wants its content."""
        return {"S3Bucket": self.name_in(aws.region), "S3Key": self.key(built)}

    def upload(self, aws: Aws, built: Built) -> None:
        """Put a zip there, unless it is there."""
        name, key = self.name_in(aws.region), self.key(built)
        s3 = aws.client("s3", attempts=5)
        try:
            s3.head_object(Bucket=name, Key=key)
        except botocore.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:  # noqa: PLR2004 (not found)
                raise
            s3.upload_file(
                str(built.archive.path), name, key, ExtraArgs={"ChecksumAlgorithm": "SHA256"}
            )

    def create(self, aws: Aws) -> None:
        """Create it, in a sandbox: there is nobody else who could."""
        where = {} if aws.region == "us-east-1" else {"LocationConstraint": aws.region}
        extra = {"CreateBucketConfiguration": where} if where else {}
        aws.client("s3", attempts=1).create_bucket(Bucket=self.name_in(aws.region), **extra)
