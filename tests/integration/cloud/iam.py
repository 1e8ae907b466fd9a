"""IAM as AWS has it: which permissions a call needs, on what, and whether a policy gives them.

Emulators know less: moto's enforcement looks at actions only, ministack's takes GetLayerVersion for
ListLayers. So a proxy before them refuses here, in AWS's words. Actions and resource types:
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html, and the
same for Amazon S3 and AWS Systems Manager.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .answers import Answer, refusal
from .calls import Call

ROLE = "arn:aws:sts::{}:assumed-role/layers/run"


@dataclass(frozen=True, kw_only=True, order=True)
class Need:
    """A permission that a call needs."""

    action: str
    resource: str


class Policy:
    """Identity-based policies, as far as ours go: Allow, of actions on resources."""

    def __init__(self, documents: Sequence[Mapping[str, Any]]) -> None:
        self._allowed = []
        for document in documents:
            assert set(document) == {"Version", "Statement"}, sorted(document)
            for statement in document["Statement"]:
                # Whatever else may stand there would be passed over: a policy of ours has none.
                assert set(statement) == {"Sid", "Effect", "Action", "Resource"}, statement
                assert statement["Effect"] == "Allow", statement
                for action in statement["Action"]:
                    self._allowed.append((_pattern(action), _pattern(statement["Resource"])))

    def allows(self, need: Need) -> bool:
        """Tell whether a statement allows the action on the resource."""
        return any(
            action.fullmatch(need.action) and resource.fullmatch(need.resource)
            for action, resource in self._allowed
        )


def _pattern(text: str) -> re.Pattern[str]:
    """Read IAM's wildcards: * for any characters, ? for one."""
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."))


def needs(call: Call, account: str) -> list[Need]:
    """List what a call needs, in the order that AWS looks at it."""
    return list(_needs(call, f"{call.region}:{account}"))


def _needs(call: Call, here: str) -> Iterator[Need]:
    operation, labels = call.operation, call.labels
    match call.service:
        case "lambda":
            yield Need(action=f"lambda:{operation}", resource=_lambda_resource(call, here))
            if operation == "UpdateFunctionConfiguration":
                for arn in json.loads(call.body).get("Layers", ()):
                    yield Need(action="lambda:GetLayerVersion", resource=arn)
            if operation == "PublishLayerVersion":
                yield from _zip_needs(json.loads(call.body)["Content"])
        case "s3":
            bucket = f"arn:aws:s3:::{labels['Bucket']}"
            thing = f"{bucket}/{labels['Key']}" if "Key" in labels else bucket
            has_version = "versionId" in call.query
            yield Need(
                action=f"s3:{_s3_action(operation, has_version=has_version)}", resource=thing
            )
        case "ssm":
            body = json.loads(call.body)
            for name in body.get("Names") or [body["Name"]]:
                resource = f"arn:aws:ssm:{here}:parameter/{name.lstrip('/')}"
                yield Need(action=f"ssm:{operation}", resource=resource)
        case "sts" if operation == "GetCallerIdentity":
            return  # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
        case service:
            raise AssertionError(f"{service}:{operation} is called, and no policy speaks of it")


def _lambda_resource(call: Call, here: str) -> str:
    labels = call.labels
    match call.operation:
        case "ListFunctions" | "GetAccountSettings":
            return "*"
        case operation if "LayerName" in labels:
            name = labels["LayerName"]
            layer = name if name.startswith("arn:") else f"arn:aws:lambda:{here}:layer:{name}"
            has_version = operation not in {"ListLayerVersions", "PublishLayerVersion"}
            return f"{layer}:{labels['VersionNumber']}" if has_version else layer
        case _ if "FunctionName" in labels:
            version = call.query.get("Qualifier", "")
            function = f"arn:aws:lambda:{here}:function:{labels['FunctionName']}"
            return f"{function}:{version}" if version else function
        case operation:
            raise AssertionError(f"lambda:{operation} is called, and no policy speaks of it")


def _zip_needs(content: Mapping[str, str]) -> Iterator[Need]:
    """List what AWS asks of the caller for a zip that it takes from a bucket."""
    if "S3Bucket" in content:
        action = "s3:GetObjectVersion" if "S3ObjectVersion" in content else "s3:GetObject"
        yield Need(action=action, resource=f"arn:aws:s3:::{content['S3Bucket']}/{content['S3Key']}")


def key_needs(call: Call, key: str) -> Iterator[Need]:
    """List what a call needs of the key that the bucket encrypts with.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html
    """
    if not key:
        return
    content = json.loads(call.body)["Content"] if call.operation == "PublishLayerVersion" else {}
    match call.operation:
        case "PutObject" | "CreateMultipartUpload" | "UploadPart":
            yield Need(action="kms:GenerateDataKey", resource=key)
        case _:
            pass
    if call.operation in {"UploadPart", "CompleteMultipartUpload"} or "S3Bucket" in content:
        yield Need(action="kms:Decrypt", resource=key)


def _s3_action(operation: str, *, has_version: bool) -> str:
    match operation:
        case "HeadBucket":
            return "ListBucket"
        case "HeadObject" | "GetObject":
            return "GetObjectVersion" if has_version else "GetObject"
        case "PutObject" | "CreateMultipartUpload" | "UploadPart" | "CompleteMultipartUpload":
            return "PutObject"
        case "DeleteObject":
            return "DeleteObjectVersion" if has_version else "DeleteObject"
        case "ListMultipartUploads":
            return "ListBucketMultipartUploads"
        case "AbortMultipartUpload" | "GetBucketPolicy" | "GetBucketVersioning":
            return operation
        case _:
            raise AssertionError(f"s3:{operation} is called, and no policy speaks of it")


@dataclass(kw_only=True)
class Gate:
    """Lets through what the policy allows, and writes down what was needed."""

    policy: Policy
    account: str
    key: str = ""
    """The ARN of the key that the bucket encrypts with; empty for none of one's own."""
    needed: set[Need] = field(default_factory=set)
    denied: list[Need] = field(default_factory=list)

    def refuse(self, call: Call) -> Answer | None:
        """Refuse a call that lacks a permission, as AWS does."""
        for need in (*needs(call, self.account), *key_needs(call, self.key)):
            if not self._has(need):
                return _denial(call, need, ROLE.format(self.account))
        return None

    def _has(self, need: Need) -> bool:
        self.needed.add(need)
        if self.policy.allows(need):
            return True
        self.denied.append(need)
        return False

    def amend(self, call: Call, answer: Answer) -> Answer:
        """Withhold the checksum of an object that is there, where its key may not be used."""
        asks = any(name.lower() == "x-amz-checksum-mode" for name in call.headers)
        if not (self.key and asks and call.operation == "HeadObject" and answer.status == 200):
            return answer
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
        need = Need(action="kms:Decrypt", resource=self.key)
        return answer if self._has(need) else Answer(status=403)


def _denial(call: Call, need: Need, who: str) -> Answer:
    code = "AccessDenied" if call.service == "s3" else "AccessDeniedException"
    if call.service == "lambda" and need.action.startswith("s3:"):
        path = need.resource.rpartition(":::")[2]
        return refusal(
            call,
            403,
            code,
            "Your access has been denied by S3, please make sure your request credentials have"
            f" permission to {need.action.removeprefix('s3:')} for {path}. S3 Error Code:"
            " AccessDenied. S3 Error Message: Access Denied",
        )
    return refusal(
        call,
        400 if call.service == "ssm" else 403,
        code,
        f"User: {who} is not authorized to perform: {need.action} on resource: {need.resource}"
        f" because no identity-based policy allows the {need.action} action",
    )
