"""Zips of layer versions as S3 objects: where AWS says that they are, and what another makes of them."""

import json
from dataclasses import replace
from typing import Any, ClassVar

from botocore.config import Config

from .answers import Answer
from .calls import Call
from .members import data_of
from .sessions import session


class Located:
    """Gives a zip an address that can be read, as AWS does and moto does not.

    https://docs.aws.amazon.com/lambda/latest/api/API_LayerVersionContentOutput.html
    """

    BUCKET: ClassVar = "of-aws"
    KEY: ClassVar = "finished.zip"

    def __init__(self, url: str, region: str) -> None:
        config = Config(
            region_name=region, signature_version="s3v4", s3={"addressing_style": "path"}
        )
        s3 = session().client("s3", endpoint_url=url, config=config)
        named = {"Bucket": self.BUCKET, "Key": self.KEY}
        self._location = s3.generate_presigned_url("get_object", Params=named)
        self._region = region
        s3.close()

    def refuse(self, _: Call) -> Answer | None:
        return None

    def amend(self, call: Call, answer: Answer) -> Answer:
        if (call.operation, call.region) != ("GetLayerVersion", self._region):
            return answer
        data = json.loads(answer.body)
        data["Content"]["Location"] = self._location
        return replace(answer, body=json.dumps(data).encode())


class Intruder:
    """Puts other bytes in the place of a zip that Lambda is about to take."""

    def __init__(self, s3: Any, content: bytes) -> None:  # noqa: ANN401 (boto3 makes its classes at run time)
        self._s3 = s3
        self._content = content

    def refuse(self, call: Call) -> Answer | None:
        if call.operation == "PublishLayerVersion":
            named = data_of(call)["Content"]
            self._s3.put_object(Bucket=named["S3Bucket"], Key=named["S3Key"], Body=self._content)
        return None

    def amend(self, call: Call, answer: Answer) -> Answer:  # noqa: ARG002 (as every rule has it)
        return answer
