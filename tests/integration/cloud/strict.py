"""Lambda's refusals that the emulators leave out, in AWS's words, one function to a rule."""

import base64
import binascii
import io
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeAlias
from uuid import uuid4

from .answers import Answer, refusal
from .calls import UNKNOWN, Call
from .members import data_of, violations

BODY_BYTES = 70_167_211
UNZIPPED_BYTES = 262_144_000
LAYERS = 5

Refusal: TypeAlias = tuple[int, str, str] | None
"""Status, code, text; None where the rule is kept."""

_INVALID = "InvalidParameterValueException"


class Strict:
    """A Lambda that takes only what AWS takes, before the emulator at `upstream`."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self._lock = threading.Lock()
        self.refusals: list[str] = []
        """What was refused and why, in order."""
        self.unzipped: dict[str, int] = {}
        """Bytes by layer version ARN."""
        self._revisions: dict[tuple[str, str], str] = {}
        """By region and function."""
        self.statements: set[tuple[str, ...]] = set()

    def refuse(self, call: Call) -> Answer | None:
        """Answer as AWS does to what breaks a rule."""
        if call.service != "lambda" or call.operation == UNKNOWN:
            return None
        with self._lock:
            for rule in _RULES.get("*", ()) + _RULES.get(call.operation, ()):
                if broken := rule(self, call):
                    self.refusals.append(f"{call.operation}: {broken[1]}: {broken[2]}")
                    return refusal(call, *broken)
        return None

    def amend(self, call: Call, answer: Answer) -> Answer:
        """Remember what was done, and give the revision of a function with it."""
        if call.service != "lambda" or answer.status >= 300:
            return answer
        with self._lock:
            match call.operation:
                case "PublishLayerVersion":
                    self.unzipped[json.loads(answer.body)["LayerVersionArn"]] = _unzipped(
                        _zip_of(self, call) or b""
                    )
                case "AddLayerVersionPermission":
                    self.statements.add(_statement(call, data_of(call)["StatementId"]))
                case "RemoveLayerVersionPermission":
                    self.statements.discard(_statement(call, call.labels["StatementId"]))
                case "CreateFunction" | "UpdateFunctionCode" | "UpdateFunctionConfiguration":
                    name = json.loads(answer.body)["FunctionName"]
                    self._revisions[call.region, name] = str(uuid4())
                case _:
                    pass
            return self._revised(call, answer)

    def revision(self, region: str, function: str) -> str:
        """Give the revision that a function is at."""
        return self._revisions.setdefault((region, function), str(uuid4()))

    def _revised(self, call: Call, answer: Answer) -> Answer:
        if "Function" not in call.operation or not answer.body:
            return answer
        data = json.loads(answer.body)
        for item in (data, data.get("Configuration") or {}, *data.get("Functions", ())):
            if "FunctionName" in item:
                item["RevisionId"] = self.revision(call.region, item["FunctionName"])
        return replace(answer, body=json.dumps(data).encode())


def _is_small_enough(_: Strict, call: Call) -> Refusal:
    if len(call.body) < BODY_BYTES:
        return None
    said = f"Request must be smaller than {BODY_BYTES} bytes for the {call.operation} operation"
    return 413, "RequestEntityTooLargeException", said


def _keeps_to_the_model(_: Strict, call: Call) -> Refusal:
    found = violations(call)
    if not found:
        return None
    count = f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected"
    return 400, "ValidationException", f"{count}: {'; '.join(found)}"


def _has_its_object(aws: Strict, call: Call) -> Refusal:
    content = data_of(call).get("Content") or {}
    if not (content.get("ZipFile") or content.get("S3Key")):
        return 400, _INVALID, "Please provide a source for function code."
    if _zip_of(aws, call) is not None:
        return None
    said = "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The"
    return 400, _INVALID, f"{said} specified key does not exist."


def _is_a_zip_of_files(aws: Strict, call: Call) -> Refusal:
    try:
        with zipfile.ZipFile(io.BytesIO(_zip_of(aws, call) or b"")) as file:
            if file.testzip() is None and any(not i.is_dir() for i in file.infolist()):
                return None
    except (zipfile.BadZipFile, EOFError, ValueError):
        said = "Could not unzip uploaded file. Please check your file, then try to upload again."
        return 400, _INVALID, said
    return 400, _INVALID, "Uploaded file must be a non-empty zip"


def _unzips_to_little_enough(aws: Strict, call: Call) -> Refusal:
    if _unzipped(_zip_of(aws, call) or b"") < UNZIPPED_BYTES:
        return None
    return 400, _INVALID, f"Unzipped size must be smaller than {UNZIPPED_BYTES} bytes"


def _is_a_new_statement(aws: Strict, call: Call) -> Refusal:
    name = data_of(call)["StatementId"]
    if _statement(call, name) not in aws.statements:
        return None
    said = f"The statement id ({name}) provided already exists. Please provide a new statement id,"
    return 409, "ResourceConflictException", f"{said} or remove the existing statement."


def _has_five_layers_at_most(_: Strict, call: Call) -> Refusal:
    if len(data_of(call).get("Layers") or ()) <= LAYERS:
        return None
    return 400, _INVALID, f"Cannot reference more than {LAYERS} layers."


def _has_each_layer_once(_: Strict, call: Call) -> Refusal:
    layers = [arn.rpartition(":")[0] for arn in data_of(call).get("Layers") or ()]
    twice = [layer for layer, count in Counter(layers).items() if count > 1]
    if not twice:
        return None
    said = "Two different versions of the same layer are not allowed to be referenced in the same"
    return 400, _INVALID, f"{said} function. {twice[0]}"


def _fits_with_its_layers(aws: Strict, call: Call) -> Refusal:
    layers = data_of(call).get("Layers") or ()
    if sum(aws.unzipped.get(arn, 0) for arn in layers) < UNZIPPED_BYTES:
        return None
    return 400, _INVALID, f"Layers consume more than the available size of {UNZIPPED_BYTES} bytes"


def _names_the_latest_revision(aws: Strict, call: Call) -> Refusal:
    given = data_of(call).get("RevisionId")
    name = call.labels["FunctionName"].rpartition(":")[2]
    if given is None or given == aws.revision(call.region, name):
        return None
    said = "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias"
    return 412, "PreconditionFailedException", f"{said} API to retrieve the latest Revision Id"


_Rule: TypeAlias = Callable[[Strict, Call], Refusal]
_RULES: dict[str, tuple[_Rule, ...]] = {
    "*": (_is_small_enough, _keeps_to_the_model),
    "PublishLayerVersion": (_has_its_object, _is_a_zip_of_files, _unzips_to_little_enough),
    "AddLayerVersionPermission": (_is_a_new_statement,),
    "CreateFunction": (_has_five_layers_at_most, _has_each_layer_once, _fits_with_its_layers),
    "UpdateFunctionConfiguration": (
        _has_five_layers_at_most,
        _has_each_layer_once,
        _fits_with_its_layers,
        _names_the_latest_revision,
    ),
    "UpdateFunctionCode": (_names_the_latest_revision,),
    "PublishVersion": (_names_the_latest_revision,),
}


def _statement(call: Call, name: str) -> tuple[str, ...]:
    return call.region, call.labels["LayerName"], call.labels["VersionNumber"], name


def _zip_of(aws: Strict, call: Call) -> bytes | None:
    """Give the zip that a call brings or names; None when there is no such object."""
    content: dict[str, Any] = data_of(call).get("Content") or {}
    if "S3Key" not in content:
        try:
            return base64.b64decode(content.get("ZipFile") or "", validate=True)
        except binascii.Error:
            return b""
    path = urllib.parse.quote(f"/{content['S3Bucket']}/{content['S3Key']}")
    scope = f"AWS4-HMAC-SHA256 Credential=testing/20260101/{call.region}/s3/aws4_request"
    request = urllib.request.Request(aws.upstream + path, headers={"Authorization": scope})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            found: bytes = answer.read()
            return found
    except urllib.error.HTTPError as error:
        error.close()
        return None


def _unzipped(content: bytes) -> int:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return sum(member.file_size for member in file.infolist())
