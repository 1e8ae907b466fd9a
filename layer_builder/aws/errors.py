"""AWS's refusals in our reader's words, with what to do next; the facts AWS gave are kept."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import boto3.exceptions
import botocore.parsers

from layer_builder.aws.retry import classify as classify_answer
from layer_builder.errors import AwsError, Failure, LayerBuilderError, LimitError, Problem
from layer_builder.model import limits
from layer_builder.model.build import Built
from layer_builder.model.limits import mib

_TOO_LARGE = re.compile(
    r"Request must be smaller than (?P<body>\d+) bytes"
    r"|Unzipped size must be smaller than (?P<unzipped>\d+) bytes"
    r"|available size of (?P<layers>\d+) bytes"
    r"|maximum allowed size of (?P<stack>\d+) bytes"
)


_EXPIRED = frozenset(
    {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
)


_UNKNOWN_KEY = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "InvalidAccessKeyId",
    }
)


_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403", "AllAccessDisabled"})


_WITHHELD = _DENIED | {"404", "ResourceNotFoundException"}


_ON_BUCKETS = frozenset(
    {*("HeadBucket", "GetBucketVersioning", "PutObject", "CreateMultipartUpload")}
)


_S3_PERMISSIONS = {
    "AbortMultipartUpload": "s3:AbortMultipartUpload",
    "CompleteMultipartUpload": "s3:PutObject",
    "CreateMultipartUpload": "s3:PutObject",
    "DeleteObject": "s3:DeleteObject and s3:DeleteObjectVersion",
    "GetBucketPolicy": "s3:GetBucketPolicy",
    "GetBucketVersioning": "s3:GetBucketVersioning",
    "HeadBucket": "s3:ListBucket",
    "HeadObject": "s3:GetObject",
    "ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "PutObject": "s3:PutObject",
    "UploadPart": "s3:PutObject",
}


_OTHER_PERMISSIONS = {
    "GetParameters": "ssm:GetParameters",
    "PutParameter": "ssm:PutParameter",
}


_NOT_AUTHORIZED = re.compile(
    r"not authorized to perform: (?P<action>[\w-]+:\w+)(?: on resource: (?P<resource>\S+))?"
)


_NOT_BY_S3 = re.compile(
    r"denied by S3, .* permission to (?P<action>\w+) for (?P<object>\S+)\. S3 Error"
)


_LOGIN = "in a workflow: aws-actions/configure-aws-credentials before this action"


FAILURES = (
    botocore.exceptions.ClientError,
    botocore.exceptions.BotoCoreError,
    boto3.exceptions.Boto3Error,
    botocore.parsers.ResponseParserError,
)
"""All that a call raises when AWS refuses, cannot be reached, or cannot be understood."""


class GarbledError(botocore.exceptions.BotoCoreError):
    """An answer that was cut short, or is none that AWS gives."""

    fmt = "the answer to {operation} cannot be read: {why}"


@contextmanager
def readable(operation: str) -> Iterator[None]:
    """Raise GarbledError where an answer lacks what AWS always says."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        why = f"{type(error).__name__}: {error}"
        raise GarbledError(operation=operation, why=why) from error


def classify(error: Exception) -> Failure:
    """Say what a failed call means for what it asked for."""
    match error:
        case botocore.exceptions.ClientError():
            status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return classify_answer(status, str(error.response["Error"].get("Code", "")))
        case botocore.exceptions.SSLError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return Failure.REFUSED
        case (
            botocore.exceptions.EndpointConnectionError()
            | botocore.exceptions.ConnectTimeoutError()
            | botocore.exceptions.ProxyConnectionError()
        ):
            return Failure.UNSENT
        case (
            botocore.exceptions.ConnectionError()
            | botocore.exceptions.HTTPClientError()
            | botocore.exceptions.IncompleteReadError()
            | botocore.parsers.ResponseParserError()
            | GarbledError()
        ):
            return Failure.DOUBT
        case boto3.exceptions.Boto3Error() if isinstance(error.__context__, FAILURES):
            return classify(error.__context__)
        case _:
            return Failure.REFUSED


def translate(error: Exception, built: Built | None, region: str) -> LayerBuilderError:
    """Say what an AWS call's failure means; `built` is the layer it was about."""
    told = _translate(error, built, region)
    if not isinstance(told, AwsError):
        return told
    code = ""
    if isinstance(error, botocore.exceptions.ClientError):
        code = str(error.response["Error"].get("Code", ""))
    return AwsError(
        *told.problems, failure=classify(error), code=code, is_withheld=code in _WITHHELD
    )


def _translate(error: Exception, built: Built | None, region: str) -> LayerBuilderError:
    layer = built.layer.key if built else None
    match error:
        case botocore.exceptions.ClientError():
            return _refusal(error, built, region)
        case (
            botocore.exceptions.NoCredentialsError() | botocore.exceptions.PartialCredentialsError()
        ):
            return AwsError.because(
                "there are no AWS credentials",
                details=(str(error),),
                advice=(_LOGIN, "to try without an account: sandbox: true (--sandbox)"),
            )
        case botocore.exceptions.EndpointConnectionError():
            return AwsError.because(
                f"AWS cannot be reached in {region}",
                layer=layer,
                details=(str(error),),
                advice=("check that the region exists and that this machine reaches it",),
            )
        case _:
            return AwsError.because(
                f"AWS in {region}: {type(error).__name__}", layer=layer, details=(str(error),)
            )


def _refusal(
    error: botocore.exceptions.ClientError, built: Built | None, region: str
) -> LayerBuilderError:
    code = str(error.response["Error"].get("Code", ""))
    said = str(error.response["Error"].get("Message", ""))
    operation = error.operation_name
    layer = built.layer.key if built else None
    facts = (f"{operation} in {region}: {code}: {said}",)
    too_large = _TOO_LARGE.search(said)
    if built and (too_large or code == "RequestEntityTooLargeException"):
        return LimitError(_too_large(built, facts, too_large))
    if too_large and operation == "UpdateFunctionConfiguration":
        return LimitError.because(
            "its code and layers are too large together, says AWS",
            details=facts,
            advice=("detach a layer, or prune harder (prune: aggressive)",),
        )
    if code in _EXPIRED:
        message, advice = "the AWS credentials have expired", f"log in again; {_LOGIN}"
    elif code in _UNKNOWN_KEY:
        message, advice = "AWS does not know these credentials", f"check them; {_LOGIN}"
    elif code in _DENIED:
        message = f"AWS does not allow {operation}"
        advice = f"give the role the permission for {_missing(operation, said)}"
    elif code == "ResourceNotFoundException" and operation == "GetFunction":
        message = "the function does not exist"
        advice = "attach sets the layers of functions that are there; function-name: names them"
    elif code == "CodeStorageExceededException":
        message = "the region's code storage is full (300 GB for all functions and layers)"
        advice = "delete layer versions that no function uses"
    elif code in {"NoSuchBucket", "404"} and operation in _ON_BUCKETS:
        message = "the S3 bucket does not exist"
        advice = f"s3-bucket must name a bucket in {region}; {{region}} in its name is filled in"
    elif code in {"PermanentRedirect", "301"} or "PermanentRedirect" in said:
        message = "the S3 bucket is in another region"
        advice = f"s3-bucket must name a bucket in {region}; {{region}} in its name is filled in"
    else:
        message, advice = f"AWS refused {operation}", ""
    return AwsError.because(message, layer=layer, details=facts, advice=(advice,) if advice else ())


def _too_large(built: Built, facts: tuple[str, ...], found: re.Match[str] | None) -> Problem:
    weight = built.archive.weight
    if found is None or found["body"]:
        message = (
            f"its zip of {weight.zip_bytes:,} bytes ({mib(weight.zip_bytes)}) is too large for"
            " a request"
        )
        advice = "set s3-bucket: a zip in S3 may be larger"
    else:
        allowed = int(found["unzipped"] or found["layers"] or found["stack"])
        message = (
            f"it unzips to {weight.unzipped_bytes:,} bytes ({mib(weight.unzipped_bytes)});"
            f" AWS leaves room for {allowed:,}"
        )
        advice = "split it, or prune harder (prune: aggressive); S3 does not raise this limit"
        if allowed < limits.UNZIPPED_BYTES:
            advice += "; the rest of the 250 MiB is taken by other layers of the function"
    return Problem(message=message, layer=built.layer.key, details=facts, advice=(advice,))


def bucket_elsewhere(bucket: str, region: str, wanted: str) -> Problem:
    """Say that a bucket is in another region than the layers."""
    return Problem(
        message=f"the S3 bucket {bucket} is in {region}, and the layers go to {wanted}",
        advice=(
            f"Lambda reads a layer's zip only from a bucket in its own region: name one in {wanted};"
            " {region} in s3-bucket is filled in",
        ),
    )


def _missing(operation: str, said: str) -> str:
    """Name the permission that is missing, as AWS says it or else as the call needs it."""
    if refused := _NOT_BY_S3.search(said):
        return f"s3:{refused['action']} on {refused['object']} in S3"
    named = _NOT_AUTHORIZED.search(said)
    if named and named["resource"]:
        return f"{named['action']} on {named['resource']}"
    action = named["action"] if named else _permission(operation)
    if operation in _S3_PERMISSIONS:
        return f"{action} on the bucket"
    if operation in _OTHER_PERMISSIONS:
        return f"{action} on the parameter"
    return f"{action} on this {'function' if 'Function' in operation else 'layer'}"


def _permission(operation: str) -> str:
    others = _S3_PERMISSIONS | _OTHER_PERMISSIONS
    return others.get(operation) or f"lambda:{operation}"
