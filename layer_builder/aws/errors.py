"""AWS's refusals in our reader's words, with what to do next; the facts AWS gave are kept."""

import re

import botocore.exceptions

from layer_builder.aws.transport import classify
from layer_builder.errors import AwsError, LayerBuilderError, LimitError, Problem
from layer_builder.model import UNZIPPED_BYTES, Built, Releasable, mib

# None of these errors has a code of its own; the numbers are in the words alone:
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html has the limits.
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

# S3 answers a HEAD without a body, so that its status is all the code there is:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403", "AllAccessDisabled"})

_WITHHELD = _DENIED | {"404", "ResourceNotFoundException"}

_ON_BUCKETS = frozenset({"HeadBucket", "GetBucketVersioning", "PutObject", "CreateMultipartUpload"})

# Not each operation is allowed by an action of its own name:
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
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


def translate(error: Exception, built: Releasable | None, region: str) -> LayerBuilderError:
    """Say what an AWS call's failure means; `built` is the layer it was about."""
    translated = _translate(error, built, region)
    if not isinstance(translated, AwsError):
        return translated
    code = ""
    if isinstance(error, botocore.exceptions.ClientError):
        code = str(error.response["Error"].get("Code", ""))
    return AwsError(
        *translated.problems, failure=classify(error), code=code, is_withheld=code in _WITHHELD
    )


def _translate(error: Exception, built: Releasable | None, region: str) -> LayerBuilderError:
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
    error: botocore.exceptions.ClientError, built: Releasable | None, region: str
) -> LayerBuilderError:
    code = str(error.response["Error"].get("Code", ""))
    text = str(error.response["Error"].get("Message", ""))
    operation = error.operation_name
    layer = built.layer.key if built else None
    facts = (f"{operation} in {region}: {code}: {text}",)
    too_large = _TOO_LARGE.search(text)
    if isinstance(built, Built) and (too_large or code == "RequestEntityTooLargeException"):
        return LimitError(_too_large(built, facts, too_large))
    # The 250 MB are for the code and all layers together:
    # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
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
        advice = f"give the role the permission for {_missing(operation, text)}"
    elif code == "ResourceNotFoundException" and operation == "GetFunction":
        message = "the function does not exist"
        advice = "attach sets the layers of functions that are there; function-name: names them"
    elif code == "CodeStorageExceededException":
        message = "the region's code storage is full (300 GB for all functions and layers)"
        advice = "delete layer versions that no function uses"
    elif code in {"NoSuchBucket", "404"} and operation in _ON_BUCKETS:
        message = "the S3 bucket does not exist"
        advice = f"s3-bucket must name a bucket in {region}; {{region}} in its name is filled in"
    elif code in {"PermanentRedirect", "301"} or "PermanentRedirect" in text:
        message = "the S3 bucket is in another region"
        advice = f"s3-bucket must name a bucket in {region}; {{region}} in its name is filled in"
    else:
        message, advice = f"AWS refused {operation}", ""
    return AwsError.because(message, layer=layer, details=facts, advice=(advice,) if advice else ())


def _too_large(built: Built, facts: tuple[str, ...], match: re.Match[str] | None) -> Problem:
    weight = built.archive.weight
    if match is None or match["body"]:
        message = (
            f"its zip of {weight.zip_bytes:,} bytes ({mib(weight.zip_bytes)}) is too large for"
            " a request"
        )
        advice = "set s3-bucket: a zip in S3 may be larger"
    else:
        allowed = int(match["unzipped"] or match["layers"] or match["stack"])
        message = (
            f"it unzips to {weight.unzipped_bytes:,} bytes ({mib(weight.unzipped_bytes)});"
            f" AWS leaves room for {allowed:,}"
        )
        advice = "split it, or prune harder (prune: aggressive); S3 does not raise this limit"
        if allowed < UNZIPPED_BYTES:
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


def _missing(operation: str, text: str) -> str:
    """Name the permission that is missing, as AWS says it or else as the call needs it."""
    if refused := _NOT_BY_S3.search(text):
        return f"s3:{refused['action']} on {refused['object']} in S3"
    named = _NOT_AUTHORIZED.search(text)
    if named and named["resource"]:
        return f"{named['action']} on {named['resource']}"
    action = named["action"] if named else _permission(operation)
    if operation in _S3_PERMISSIONS:
        return f"{action} on the bucket, which must belong to the account of these credentials"
    if operation in _OTHER_PERMISSIONS:
        return f"{action} on the parameter"
    return f"{action} on this {'function' if 'Function' in operation else 'layer'}"


def _permission(operation: str) -> str:
    others = _S3_PERMISSIONS | _OTHER_PERMISSIONS
    return others.get(operation) or f"lambda:{operation}"
