"""Answers of AWS, looked at before botocore reads them, and counted for the pace of calls.

botocore takes a body that was cut short for an empty answer: a list without its end would be a
list without anything in it.
"""

import json
from collections.abc import Mapping
from typing import Any

from layer_builder.aws_errors import GarbledError
from layer_builder.patience import THROTTLES
from layer_builder.waiting import Gate

_ERRORS = 300
_TOO_MANY = 429


def watch(client: Any, gate: Gate | None) -> None:  # noqa: ANN401 (boto3 makes its classes at run time)
    """Check what the client is answered; calls to Lambda go through the gate."""
    events, service = client.meta.events, client.meta.service_model.service_id.hyphenize()
    events.register(f"before-parse.{service}", _check)
    if gate and service == "lambda":
        events.register(f"before-send.{service}", lambda **_: gate.enter())
        events.register(
            f"response-received.{service}",
            lambda parsed_response, **_: gate.heard(throttled=_is_throttled(parsed_response)),
        )


def _is_throttled(parsed: Mapping[str, Any] | None) -> bool:
    if parsed is None:
        return False
    status = parsed.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status == _TOO_MANY or parsed.get("Error", {}).get("Code") in THROTTLES


def _check(operation_model: Any, response_dict: Mapping[str, Any], **_: object) -> None:  # noqa: ANN401 (botocore's)
    """Raise GarbledError for an answer that is not whole."""
    body, status = response_dict["body"], response_dict["status_code"]
    if not isinstance(body, bytes):
        return
    operation = operation_model.name

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
    try:
        parsed = json.loads(body) if body or status < _ERRORS else {}
    except ValueError as error:
        # An error page of whatever stands between is no JSON, and has its status for an answer.
        if status >= _ERRORS:
            return
        raise GarbledError(operation=operation, why=str(error)) from error
    if not isinstance(parsed, dict):
        raise GarbledError(operation=operation, why="it is no JSON object")
