"""What lies between botocore and the network: answers checked for being whole, calls kept to a pace."""

import json
import math
import os
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import boto3.exceptions
import botocore.exceptions
import botocore.model
import botocore.parsers

from layer_builder.aws import retry
from layer_builder.aws.retry import THROTTLES, RateLimit
from layer_builder.errors import Failure, ManifestError, shortened
from layer_builder.timing import now

Client: TypeAlias = Any
"""A client of a service: boto3 makes its class at run time, out of AWS's own description of it."""


READ_TIMEOUT = "LAYER_BUILDER_READ_TIMEOUT"
"""Seconds to wait for an answer; publishing 250 MiB takes AWS more than botocore's 60."""


PATIENCE = "LAYER_BUILDER_PATIENCE"
"""Factor on all waits between tries; 1 unless said otherwise."""


_random = random.SystemRandom()


def jitter() -> float:
    """Give a random number from 0 to 1."""
    return _random.random()


def sleep(seconds: float) -> None:
    """Wait."""
    if seconds > 0:
        time.sleep(seconds)


def number(name: str, *, default: float, least: float) -> float:
    """Read a variable of ours that holds a number. Raises ManifestError."""
    text = os.environ.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    # A NaN is not above anything.
    if math.isinf(value) or not value >= least:
        raise ManifestError.because(
            f"the environment variable {name} is {shortened(text)}",
            advice=(f"it is a number above 0, such as {default:g}; without it: {default:g}",),
        )
    return value


class RateGate:
    """Lets the calls of all threads through at a common pace."""

    def __init__(self) -> None:
        """Open at full pace."""
        self._pace = RateLimit()
        self._lock = threading.Lock()

    def enter(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            seconds = self._pace.slot(now())
        sleep(seconds)

    def heard(self, *, throttled: bool) -> None:
        """Take note of how a call was answered."""
        with self._lock:
            if throttled:
                self._pace.slower(now())
            else:
                self._pace.faster()


_gates: dict[str, RateGate] = {}


_gates_lock = threading.Lock()


def gate(region: str) -> RateGate:
    """Give the gate of a region."""
    # AWS counts the calls of all clients of an account and region together:
    # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
    with _gates_lock:
        return _gates.setdefault(region, RateGate())


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


class CredentialsError(botocore.exceptions.BotoCoreError):
    """Credentials that cannot be had; what was raised meanwhile is the cause."""

    fmt = "the credentials cannot be had: {why}"


class SettingsError(botocore.exceptions.BotoCoreError):
    """Settings that no client can be made with; what botocore says of them is the cause."""

    fmt = "no client can be made: {why}"


_BROKEN = (*FAILURES, OSError, ValueError, LookupError, TypeError, AttributeError)
"""What looking for credentials raises: botocore opens files, starts the programs of a profile and
reads what they print, and lets through what goes wrong with them:
https://github.com/boto/botocore/blob/develop/botocore/credentials.py"""


@contextmanager
def looking_for_credentials() -> Iterator[None]:
    """Raise CredentialsError for whatever goes wrong with credentials."""
    try:
        yield
    except CredentialsError:
        raise
    except _BROKEN as error:
        why = f"{type(error).__name__}: {error}"
        raise CredentialsError(why=why) from error


@contextmanager
def making_client() -> Iterator[None]:
    """Raise SettingsError for whatever goes wrong where nothing is sent yet."""
    try:
        yield
    except _BROKEN as error:
        raise SettingsError(why=f"{type(error).__name__}: {error}") from error


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
            return retry.classify(status, str(error.response["Error"].get("Code", "")))
        # botocore has one class for all that goes wrong with TLS; a connection that breaks in it is
        # another matter than a certificate that is not trusted:
        # https://github.com/boto/botocore/blob/develop/botocore/httpsession.py
        case botocore.exceptions.SSLError() | botocore.exceptions.ProxyConnectionError() if (
            _stays_so(error)
        ):
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
        # upload_file tells a refusal as an S3UploadFailedError, with the refusal in words only:
        # https://github.com/boto/boto3/blob/develop/boto3/s3/transfer.py
        case boto3.exceptions.Boto3Error() if isinstance(error.__context__, FAILURES):
            return classify(error.__context__)
        case _:
            return Failure.REFUSED


def _stays_so(error: botocore.exceptions.BotoCoreError) -> bool:
    """Tell what another try would not change: who is not trusted, and a proxy that wants a login."""
    said = str(error.kwargs.get("error", ""))
    return "CERTIFICATE_VERIFY_FAILED" in said or "407 Proxy" in said


_ERRORS = 300
_TOO_MANY = 429


def watch(client: Client, gate: RateGate | None, account: Callable[[], str]) -> None:
    """Check what the client is answered; calls to Lambda go through the gate.

    Calls to S3 fail where another account than this one owns the bucket.
    """
    # botocore emits these for each request that is sent, also for those that it sends again:
    # https://github.com/boto/botocore/blob/develop/botocore/endpoint.py
    events, service = client.meta.events, client.meta.service_model.service_id.hyphenize()
    events.register(f"before-parse.{service}", _check)
    if gate and service == "lambda":
        events.register(f"before-send.{service}", lambda **_: gate.enter())
        events.register(
            f"response-received.{service}",
            lambda parsed_response, **_: gate.heard(throttled=_is_throttled(parsed_response)),
        )
    if service == "s3":
        events.register(
            f"before-parameter-build.{service}",
            lambda params, model, **_: _say_whose_bucket(params, model, account),
        )


def _say_whose_bucket(
    params: dict[str, Any], model: botocore.model.OperationModel, account: Callable[[], str]
) -> None:
    """Name the bucket's owner, also in calls that s3transfer makes by itself: it aborts uploads.

    Names of buckets are everybody's: one that was deleted may be another's now.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html
    https://github.com/boto/s3transfer/blob/develop/s3transfer/tasks.py
    """
    if model.input_shape and "ExpectedBucketOwner" in model.input_shape.members:
        params["ExpectedBucketOwner"] = account()


def _is_throttled(parsed: Mapping[str, Any] | None) -> bool:
    if parsed is None:
        return False
    status = parsed.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status == _TOO_MANY or parsed.get("Error", {}).get("Code") in THROTTLES


def _check(
    operation_model: botocore.model.OperationModel, response_dict: Mapping[str, Any], **_: object
) -> None:
    """Raise GarbledError for an answer that is not whole."""
    body, status = response_dict["body"], response_dict["status_code"]
    if not isinstance(body, bytes):
        return
    operation = operation_model.name

    # What follows a HEAD has the length of what a GET would have brought:
    # https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2
    announced = response_dict["headers"].get("content-length", "")
    is_head = operation_model.http.get("method") == "HEAD"
    if announced.isdigit() and int(announced) != len(body) and not is_head:
        raise GarbledError(
            operation=operation, why=f"{len(body)} of {announced} bytes of it arrived"
        )
    shape = operation_model.output_shape
    if "json" not in operation_model.service_model.resolved_protocol:
        return
    if status < _ERRORS and not body and not (shape and shape.members):
        return
    # botocore makes of an empty body an empty answer, of one that is no JSON a message:
    # https://github.com/boto/botocore/blob/develop/botocore/parsers.py (_parse_body_as_json)
    try:
        parsed = json.loads(body) if body or status < _ERRORS else {}
    except ValueError as error:
        # An error page of a proxy is no JSON, and has its status for an answer.
        if status >= _ERRORS:
            return
        raise GarbledError(operation=operation, why=str(error)) from error
    if not isinstance(parsed, dict):
        raise GarbledError(operation=operation, why="it is no JSON object")
