"""The bucket's policy: whether it lets Lambda read the zips that layer versions refer to.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-self-managed-storage.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from fnmatch import translate
from typing import Any

LAMBDA = "lambda.amazonaws.com"
ACTIONS = ("s3:GetObject", "s3:GetObjectVersion")


def lacks(policy: str, resource: str) -> list[str]:
    """List the actions on `resource` that no statement of a policy allows to Lambda.

    Conditions are not judged: AWS does that when it reads. An empty policy lacks all.
    """
    allowed = [s for s in _statements(policy) if s.get("Effect") == "Allow" and _is_lambda(s)]
    return [
        action
        for action in ACTIONS
        if not any(
            _matches(_texts(statement.get("Action")), action, re.IGNORECASE)
            and _matches(_texts(statement.get("Resource")), resource)
            for statement in allowed
        )
    ]


def statement(resource: str) -> str:
    """Write the statement that lets Lambda read, for the reader to add."""
    return json.dumps(
        {
            "Effect": "Allow",
            "Principal": {"Service": LAMBDA},
            "Action": list(ACTIONS),
            "Resource": resource,
        }
    )


def document(resource: str) -> str:
    """Write a policy with that one statement."""
    return json.dumps({"Version": "2012-10-17", "Statement": [json.loads(statement(resource))]})


def _statements(policy: str) -> Iterator[Mapping[str, Any]]:
    try:
        found = json.loads(policy).get("Statement", []) if policy else []
    except (AttributeError, ValueError):
        return
    for item in found if isinstance(found, list) else [found]:
        if isinstance(item, dict):
            yield item


def _is_lambda(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    if isinstance(principal, dict):
        return LAMBDA in _texts(principal.get("Service")) or "*" in _texts(principal.get("AWS"))
    return principal == "*"


def _matches(patterns: list[str], text: str, flags: int = 0) -> bool:
    return any(re.fullmatch(translate(pattern), text, flags) for pattern in patterns)


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value or "")]
