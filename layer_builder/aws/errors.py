"""AWS's refusals in our reader's words, with what to do next; the facts AWS gave are kept."""

import os
import re

import boto3.exceptions
import botocore.exceptions
import botocore.session

from layer_builder.aws.transport import CredentialsError, SettingsError, classify
from layer_builder.connections import connection_advice, connection_letter
from layer_builder.errors import AwsError, LayerBuilderError, LimitError, Problem
from layer_builder.model import UNZIPPED_BYTES, Built, Caller, Releasable, mib
from layer_builder.refusals import (
    LOGIN,
    credentials_letter,
    denial_letter,
    elsewhere_known,
    is_clock_skew,
    unusable_settings,
)

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

# https://docs.aws.amazon.com/lambda/latest/dg/configuration-codesigning.html
_UNSIGNED = (
    "the function takes only signed code, and this layer is not signed by whom it trusts",
    "layers are published unsigned: sign the zip with AWS Signer and publish that, or set the"
    " function's code signing config to Warn (UntrustedArtifactOnDeployment)",
)

_KNOWN = {
    "CodeVerificationFailedException": _UNSIGNED,
    "InvalidCodeSignatureException": _UNSIGNED,
    "CodeStorageExceededException": (
        "the region's code storage is full (300 GB for all functions and layers)",
        "delete layer versions that no function uses",
    ),
}
"""What a code alone says, and what to do."""

# S3 answers a HEAD without a body, so that its status is all the code there is:
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "403", "AllAccessDisabled"})

_WITHHELD = _DENIED | {"404", "ResourceNotFoundException"}

_ON_BUCKETS = frozenset({"HeadBucket", "GetBucketVersioning", "PutObject", "CreateMultipartUpload"})

_SHOWN_HEADER = "Invalid header value"
"""Behind it Python shows the value that no header can have, which may be a token:
https://github.com/python/cpython/blob/main/Lib/http/client.py"""

_DISABLED = "RegionDisabledException"
"""STS was turned off in the region, for this account."""

_ONLY_HERE = frozenset({*_UNKNOWN_KEY, _DISABLED})


def is_unknown_here(error: Exception) -> bool:
    """Tell whether a region does not know credentials that another may know."""
    return (
        isinstance(error, botocore.exceptions.ClientError)
        and str(error.response["Error"].get("Code", "")) in _ONLY_HERE
    )


def translate(
    error: Exception, built: Releasable | None, region: str, caller: Caller | None = None
) -> LayerBuilderError:
    """Say what an AWS call's failure means.

    `built` is the layer it was about, `caller` who the credentials are of, where AWS said it.
    """
    # upload_file tells a refusal in words of its own, around S3's:
    # https://github.com/boto/boto3/blob/develop/boto3/s3/transfer.py
    if isinstance(error, boto3.exceptions.Boto3Error) and isinstance(
        error.__context__, botocore.exceptions.ClientError
    ):
        error = error.__context__
    translated = _translate(error, built, region, caller)
    if not isinstance(translated, AwsError):
        return translated
    code = ""
    if isinstance(error, botocore.exceptions.ClientError):
        code = str(error.response["Error"].get("Code", ""))
    return AwsError(
        *translated.problems, failure=classify(error), code=code, is_withheld=code in _WITHHELD
    )


def _translate(
    error: Exception, built: Releasable | None, region: str, caller: Caller | None
) -> LayerBuilderError:
    layer = built.layer.key if built else None
    if _SHOWN_HEADER in str(error) and not isinstance(error, botocore.exceptions.ClientError):
        return AwsError(_unsendable(region, layer))
    if letter := _about_the_way(error, region, layer) or _about_credentials(error):
        return AwsError(letter)
    match error:
        case botocore.exceptions.ClientError():
            return _refusal(error, built, region, caller)
        case SettingsError():
            cause = error.__cause__ or error
            return AwsError(unusable_settings(type(cause).__name__, str(cause)))
        case botocore.exceptions.EndpointConnectionError():
            return AwsError.because(
                f"AWS cannot be reached in {region}",
                layer=layer,
                details=(str(error),),
                advice=(
                    "check that the region exists and that this machine reaches it",
                    *connection_advice(str(error.kwargs.get("error", "")), os.environ),
                ),
            )
        case _:
            return AwsError.because(
                f"AWS in {region}: {type(error).__name__}", layer=layer, details=(str(error),)
            )


def _unsendable(region: str, layer: str | None) -> Problem:
    """Say that a request had a header that cannot be one, and nothing of what was in it."""
    return Problem(
        message=f"a request to AWS in {region} could not be sent: what is in a header of it has a line"
        " break or another control character",
        layer=layer,
        advice=(
            "most often a key or token that was pasted with its line break: set AWS_ACCESS_KEY_ID,"
            " AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN again, or what the profile takes them from",
        ),
    )


def _about_the_way(error: Exception, region: str, layer: str | None) -> Problem | None:
    """Say what is wrong between this machine and AWS; what AWS answers is another matter."""
    if isinstance(error, botocore.exceptions.ClientError):
        return None
    # Credentials may be asked of AWS, too (roles, SSO); a name that is unknown is that of a region.
    cause = error.__cause__ if isinstance(error, CredentialsError) else error
    if isinstance(cause, botocore.exceptions.EndpointConnectionError):
        return None
    # The proxy's own words are beside the message.
    words = [str(cause), str(getattr(cause, "kwargs", {}).get("error", ""))]
    text = "\n".join(dict.fromkeys(word for word in words if word))
    return connection_letter(f"AWS in {region}", text, os.environ, layer)


def _about_credentials(error: Exception) -> Problem | None:
    loading = isinstance(error, CredentialsError)
    cause = error.__cause__ if loading and error.__cause__ else error
    profile, profiles = named_profiles()
    return credentials_letter(
        type(cause).__name__, str(cause), profile=profile, profiles=profiles, loading=loading
    )


def named_profiles() -> tuple[str, list[str]]:
    """Name the profile that the environment asks for, and list those that there are."""
    # https://docs.aws.amazon.com/sdkref/latest/guide/environment-variables.html
    named = os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or ""
    try:
        return named, botocore.session.get_session().available_profiles
    except botocore.exceptions.BotoCoreError:
        return named, []


def _refusal(
    error: botocore.exceptions.ClientError,
    built: Releasable | None,
    region: str,
    caller: Caller | None,
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
            advice=("detach a layer; a build says what would take how much off each",),
        )
    if code in _ONLY_HERE and caller and not is_clock_skew(code, text):
        return AwsError(elsewhere_known(region, caller, facts))
    if about_caller := _about_caller(code, text):
        message, advice = about_caller
    elif code in _DENIED or "kms:" in text:
        denial = denial_letter(operation, text)
        message, advice = denial.message, denial.advice
    elif code == "ResourceNotFoundException" and operation == "GetFunction":
        message = "the function does not exist"
        advice = "attach sets the layers of functions that are there; function-name: names them"
    elif code in _KNOWN:
        message, advice = _KNOWN[code]
    elif code in {"NoSuchBucket", "404"} and operation in _ON_BUCKETS:
        message = "the S3 bucket does not exist"
        advice = f"s3-bucket must name a bucket in {region}; {{region}} in its name is filled in"
    elif code in {"PermanentRedirect", "301"} or "PermanentRedirect" in text:
        message = "the S3 bucket is in another region"
        advice = f"s3-bucket must name a bucket in {region}; {{region}} in its name is filled in"
    else:
        message, advice = f"AWS refused {operation}", ""
    return AwsError.because(message, layer=layer, details=facts, advice=(advice,) if advice else ())


def _about_caller(code: str, text: str) -> tuple[str, str] | None:
    """Say what is wrong with the credentials that a call was signed with, and what to do."""
    if code in _EXPIRED:
        return "the AWS credentials have expired", f"log in again; {LOGIN}"
    if is_clock_skew(code, text):
        return (
            "this machine's clock is more than 5 minutes off AWS's",
            "set it: AWS refuses requests that are signed for another time",
        )
    if code in _UNKNOWN_KEY:
        return "AWS does not know these credentials", f"check them; {LOGIN}"
    return None


def _too_large(built: Built, facts: tuple[str, ...], match: re.Match[str] | None) -> Problem:
    weight = built.archive.weight
    if match is None or match["body"]:
        message = f"its zip of {mib(weight.zip_bytes)} is too large for a request"
        advice = "set s3-bucket: a zip in S3 may be larger"
    else:
        allowed = int(match["unzipped"] or match["layers"] or match["stack"])
        message = f"it unzips to {mib(weight.unzipped_bytes)}; AWS leaves room for {mib(allowed)}"
        advice = "a build says what would take how much off it; S3 does not raise this limit"
        if allowed < UNZIPPED_BYTES:
            advice += "; the rest of the 250 MiB is taken by other layers of the function"
    return Problem(message=message, layer=built.layer.key, details=facts, advice=(advice,))


def undecipherable(address: str, key: str) -> Problem:
    """Say that an object's key may not be used."""
    return Problem(
        message=f"{address} is encrypted with a key that these credentials may not use",
        details=(f"HeadObject: its SHA-256 takes kms:Decrypt on {key}",),
        advice=(
            f"give the role the permission for kms:Decrypt and kms:GenerateDataKey on {key}, as in"
            " docs/iam/publish-s3-kms.json; the key's own policy has to let the account in",
        ),
    )


def bucket_elsewhere(bucket: str, region: str, wanted: str) -> Problem:
    """Say that a bucket is in another region than the layers."""
    return Problem(
        message=f"the S3 bucket {bucket} is in {region}, and the layers go to {wanted}",
        advice=(
            f"Lambda reads a layer's zip only from a bucket in its own region: name one in {wanted};"
            " {region} in s3-bucket is filled in",
        ),
    )
