"""What AWS's own model says of a request's members, and botocore does not check before it sends.

Lengths, patterns, enumerations and list maxima, from the model that botocore ships:
https://smithy.io/2.0/spec/constraint-traits.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import unquote

import botocore.model
import botocore.session

from .calls import Call

# A dot of Java's, which AWS's patterns are written for, does not match these.
_JAVA_DOT = "[^\\n\\r\\u0085\\u2028\\u2029]"


@cache
def _lambda() -> botocore.model.ServiceModel:
    return botocore.session.get_session().get_service_model("lambda")


def data_of(call: Call) -> dict[str, Any]:
    """Read a call's JSON; a call without any has none."""
    if not call.body:
        return {}
    read = json.loads(call.body)
    return read if isinstance(read, dict) else {}


def violations(call: Call) -> list[str]:
    """Name what of a Lambda call breaks the model, in AWS's words."""
    shape = _lambda().operation_model(call.operation).input_shape
    if shape is None:
        return []
    given = _members(call, shape)
    missing = [
        f"Value null at '{name}' failed to satisfy constraint: Member must not be null"
        for name in shape.required_members
        if name not in given
    ]
    return missing + [
        text for name, value in given.items() for text in _check(name, value, shape.members[name])
    ]


def _members(call: Call, shape: botocore.model.StructureShape) -> dict[str, Any]:
    body = data_of(call) if shape.serialization.get("payload") is None else {}
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        where = member.serialization.get("location")
        source: Mapping[str, Any] = {"uri": call.labels, "querystring": call.query}.get(
            where or "", body
        )
        key = member.serialization.get("name", name)
        if source.get(key) is not None:
            value = source[key]
            found[name] = unquote(value) if where == "uri" else value
    return found


def _check(name: str, value: Any, shape: botocore.model.Shape) -> Iterator[str]:  # noqa: ANN401 (JSON)
    said = f"Value '{value}' at '{name[0].lower()}{name[1:]}' failed to satisfy constraint: Member must"
    rules = shape.metadata
    least, most = rules.get("min"), rules.get("max")
    match shape.type_name:
        case "string":
            size, unit = len(str(value)), "length"
        case "list":
            size, unit = len(value), "length"
            assert isinstance(shape, botocore.model.ListShape)
            for item in value:
                yield from _check(name, item, shape.member)
        case "integer" | "long":
            size, unit = int(value), "value"
        case _:
            return
    if most is not None and size > int(most):
        yield f"{said} have {unit} less than or equal to {most}"
    if least is not None and size < int(least):
        yield f"{said} have {unit} greater than or equal to {least}"
    enum, pattern = rules.get("enum"), rules.get("pattern")
    if enum and value not in enum:
        yield f"{said} satisfy enum value set: [{', '.join(enum)}]"
    if pattern and not re.fullmatch(_JAVA_DOT + "*" if pattern == ".*" else pattern, str(value)):
        yield f"{said} satisfy regular expression pattern: {pattern}"
