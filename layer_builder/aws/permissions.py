"""Policies as JSON: who else may use a layer version, whether Lambda may read in a bucket.

https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import translate
from typing import Any

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Permissions

PREFIX = "layer-builder-"
"""What the ids of our statements begin with; all others are somebody else's, and stay."""

LAMBDA = "lambda.amazonaws.com"

# What Lambda does where it keeps referring to an object of a bucket:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-self-managed-storage.html
BUCKET_ACTIONS = ("s3:GetObject", "s3:GetObjectVersion")

_ACCOUNT_OF_ARN = re.compile(r"(?:[^:]*:){4}(?P<account>[^:]*)")


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One statement of a layer version's policy that is ours."""

    id: str
    """At most 100 of [a-zA-Z0-9-_]; tells the same as the rest."""
    principal: str
    """12 digits, or `*`."""
    organization: str = ""

    def __str__(self) -> str:
        """Say who it lets in."""
        return grantee_name(self.id)


@dataclass(frozen=True, kw_only=True)
class PolicyChange:
    """What a policy needs."""

    add: tuple[Grant, ...] = ()
    remove: tuple[str, ...] = ()
    """Statement ids."""

    def __str__(self) -> str:
        """Say it in words; empty for nothing."""
        parts = [f"for {grant}" for grant in self.add]
        parts += [f"no longer for {grantee_name(statement)}" for statement in self.remove]
        return ", ".join(parts)


def grantee_name(statement: str) -> str:
    """Say who a statement of ours lets in, from its id."""
    who = statement.removeprefix(PREFIX)
    if who == "public":
        return "everybody"
    return f"organization {who}" if who.startswith("o-") else f"account {who}"


def wanted(permissions: Permissions) -> tuple[Grant, ...]:
    """List the statements that the manifest asks for."""
    grants = [Grant(id=f"{PREFIX}{account}", principal=account) for account in permissions.accounts]
    if permissions.organization:
        who = permissions.organization
        # AWS takes an organization only together with everybody:
        # https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html
        grants.append(Grant(id=f"{PREFIX}{who}", principal="*", organization=who))
    if permissions.public:
        grants.append(Grant(id=f"{PREFIX}public", principal="*"))
    return tuple(grants)


def policy_change(permissions: Permissions, policy: str) -> PolicyChange:
    """Compare what the manifest asks for with a policy; an empty policy has nothing."""
    there = {str(statement.get("Sid", "")) for statement in _statements(policy)}
    grants = wanted(permissions)
    named = {grant.id for grant in grants}
    return PolicyChange(
        add=tuple(grant for grant in grants if grant.id not in there),
        remove=tuple(sorted(sid for sid in there if sid.startswith(PREFIX) and sid not in named)),
    )


def has(policy: str, statement: str) -> bool:
    """Tell whether a policy has a statement of that id."""
    return any(item.get("Sid") == statement for item in _statements(policy))


def policy_outsiders(policy: str, account: str, *, by_us: bool = True) -> list[str]:
    """Say whom, besides the account itself, a policy lets in: they may use the version.

    Statements that are not ours are named whomever they let in: somebody has a use for them; ours
    are left out without `by_us`.
    Raises ValueError or TypeError for a policy that cannot be read.
    """
    who = []
    for statement in _statements(policy):
        sid = str(statement.get("Sid") or "")
        ours = sid.startswith(PREFIX)
        for principal in _principals(statement.get("Principal")):
            # AWS writes an account as the ARN of its root:
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
            arn = _ACCOUNT_OF_ARN.match(principal)
            if not ours:
                who.append(f"{principal} (statement {sid})")
            elif by_us and (arn["account"] if arn else principal) != account:
                who.append(grantee_name(sid))
    return list(dict.fromkeys(who))


def _principals(value: object) -> Iterable[str]:
    if isinstance(value, dict):
        value = [item for part in value.values() for item in _principals(part)]
    return [str(item) for item in value] if isinstance(value, list) else [str(value or "*")]


def _statements(policy: str) -> Iterator[Mapping[str, Any]]:
    """Read a policy. Raises ValueError when it is none: what cannot be read may say anything."""
    if not policy:
        return
    document = json.loads(policy)
    if not isinstance(document, dict) or "Statement" not in document:
        raise ValueError("a policy without statements")
    items = document["Statement"]
    # One statement may stand without a list around it, as may a principal, an action, a resource:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
    for item in items if isinstance(items, list) else [items]:
        if not isinstance(item, dict):
            raise TypeError("a statement that is no object")
        yield item


def bucket_lacks(policy: str, resource: str) -> list[str]:
    """List the actions on `resource` that no statement of a policy allows to Lambda.

    Conditions are not judged: AWS does that when it reads. An empty policy lacks all.
    """
    # Actions are the same in any case; both may have wildcards:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
    allowed = [
        s for s in _readable_statements(policy) if s.get("Effect") == "Allow" and _is_lambda(s)
    ]
    return [
        action
        for action in BUCKET_ACTIONS
        if not any(
            _matches(_texts(statement.get("Action")), action, re.IGNORECASE)
            and _matches(_texts(statement.get("Resource")), resource)
            for statement in allowed
        )
    ]


def bucket_statement(resource: str) -> str:
    """Write the statement that lets Lambda read, for the reader to add."""
    return json.dumps(
        {
            "Effect": "Allow",
            "Principal": {"Service": LAMBDA},
            "Action": list(BUCKET_ACTIONS),
            "Resource": resource,
        }
    )


def bucket_policy(resource: str) -> str:
    """Write a policy with that one statement."""
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [json.loads(bucket_statement(resource))]}
    )


def _readable_statements(policy: str) -> Iterator[Mapping[str, Any]]:
    """Read a policy; what cannot be read allows nothing."""
    try:
        items = json.loads(policy).get("Statement", []) if policy else []
    except (AttributeError, ValueError):
        return
    for item in items if isinstance(items, list) else [items]:
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
