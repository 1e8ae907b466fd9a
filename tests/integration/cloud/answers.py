"""What AWS answers: refusals in the wire format of each service.

REST-JSON (lambda): https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html; JSON 1.1 (ssm),
query (sts) and REST-XML (s3) are described beside it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from .calls import Call


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One response; the length of the body is told when it is sent."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def refusal(call: Call, status: int, code: str, message: str) -> Answer:
    """Refuse as the call's service does."""
    match call.service:
        case "s3":
            return _xml(status, _tag("Error", _tag("Code", code) + _tag("Message", message)))
        case "sts":
            kind = "Sender" if status < 500 else "Receiver"
            words = _tag("Type", kind) + _tag("Code", code) + _tag("Message", message)
            return _xml(status, _tag("ErrorResponse", _tag("Error", words)))
        case "ssm":
            body = json.dumps({"__type": code, "message": message}).encode()
            return Answer(
                status=status, headers={"Content-Type": "application/x-amz-json-1.1"}, body=body
            )
        case _:
            kind = "User" if status < 500 else "Service"
            body = json.dumps({"Type": kind, "message": message}).encode()
            return Answer(
                status=status,
                headers={"Content-Type": "application/json", "x-amzn-ErrorType": code},
                body=body,
            )


def json_answer(data: object, status: int = 200) -> Answer:
    """Answer with data."""
    return Answer(
        status=status,
        headers={"Content-Type": "application/json"},
        body=json.dumps(data).encode(),
    )


def _xml(status: int, content: str) -> Answer:
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{content}'.encode()
    return Answer(status=status, headers={"Content-Type": "application/xml"}, body=body)


def _tag(name: str, content: str) -> str:
    return f"<{name}>{content if content.startswith('<') else escape(content)}</{name}>"
