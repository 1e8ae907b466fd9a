"""S3ObjectStorageMode: REFERENCE, as Lambda has it and the emulators do not.

https://docs.aws.amazon.com/lambda/latest/api/API_LayerVersionContentOutput.html
"""

import json
from dataclasses import replace
from typing import Any

from .answers import Answer, refusal
from .calls import Call
from .members import data_of


class Reference:
    """A Lambda that refers to objects, as AWS does with S3ObjectStorageMode; moto drops it."""

    def __init__(self, *, refused: str = "") -> None:
        self.refused = refused
        self.objects: dict[str, dict[str, str]] = {}
        """By the version's ARN."""

    def refuse(self, call: Call) -> Answer | None:
        if call.operation != self.refused:
            return None
        return refusal(call, 403, "AccessDenied", "Access Denied")

    def amend(self, call: Call, answer: Answer) -> Answer:
        if call.service != "lambda" or answer.status >= 300 or not answer.body:
            return answer
        data = json.loads(answer.body)
        if call.operation == "PublishLayerVersion":
            content = data_of(call)["Content"]
            if content.get("S3ObjectStorageMode") == "REFERENCE":
                named = ("S3Bucket", "S3Key", "S3ObjectVersion")
                self.objects[data["LayerVersionArn"]] = {name: content[name] for name in named}
        if call.operation == "GetLayerVersion" and data["LayerVersionArn"] in self.objects:
            data["Content"]["ResolvedS3Object"] = self.objects[data["LayerVersionArn"]]
        return replace(answer, body=json.dumps(data).encode())


def let_lambda_read(s3: Any, bucket: str) -> None:  # noqa: ANN401 (boto3 makes its classes at run time)
    """Have a bucket keep versions, and let Lambda read them."""
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": ["s3:GetObject", "s3:GetObjectVersion"],
        "Resource": f"arn:aws:s3:::{bucket}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
