"""Grants: who else may use a layer version, and what has to change for it.

https://docs.aws.amazon.com/lambda/latest/api/API_AddLayerVersionPermission.html
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from layer_builder.model.settings import Permissions

PREFIX = "layer-builder-"
"""What the ids of our statements begin with; all others are somebody else's, and stay."""


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
        return name(self.id)


@dataclass(frozen=True, kw_only=True)
class PolicyChange:
    """What a policy needs."""

    add: tuple[Grant, ...] = ()
    remove: tuple[str, ...] = ()
    """Statement ids."""

    def __str__(self) -> str:
        """Say it in words; empty for nothing."""
        parts = [f"for {grant}" for grant in self.add]
        parts += [f"no longer for {name(statement)}" for statement in self.remove]
        return ", ".join(parts)


def name(statement: str) -> str:
    """Say who a statement of ours lets in, from its id."""
    who = statement.removeprefix(PREFIX)
    if who == "public":
        return "everybody"
    return f"organization {who}" if who.startswith("o-") else f"account {who}"


def wanted(permissions: Permissions) -> tuple[Grant, ...]:
    """List the statements that the manifest asks for."""
    found = [Grant(id=f"{PREFIX}{account}", principal=account) for account in permissions.accounts]
    if permissions.organization:
        who = permissions.organization
        found.append(Grant(id=f"{PREFIX}{who}", principal="*", organization=who))
    if permissions.public:
        found.append(Grant(id=f"{PREFIX}public", principal="*"))
    return tuple(found)


def change(permissions: Permissions, policy: str) -> PolicyChange:
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


def outsiders(policy: str, account: str) -> list[str]:
    """Say whom, besides the account itself, a policy lets in: they may use the version.

    Statements that are not ours are named whomever they let in: somebody has a use for them.
    Raises ValueError or TypeError for a policy that cannot be read.
    """
    found = []
    for statement in _statements(policy):
        sid = str(statement.get("Sid") or "")
        ours = sid.startswith(PREFIX)
        for principal in _principals(statement.get("Principal")):
            digits = principal.split(":")[4] if principal.count(":") >= 4 else principal  # noqa: PLR2004 (an ARN)
            if not ours:
                found.append(f"{principal} (statement {sid})")
            elif digits != account:
                found.append(name(sid))
    return list(dict.fromkeys(found))


def _principals(value: object) -> Iterable[str]:
    if isinstance(value, dict):
        value = [item for part in value.values() for item in _principals(part)]
    return [str(item) for item in value] if isinstance(value, list) else [str(value or "*")]


def _statements(policy: str) -> Iterator[Mapping[str, Any]]:
    """Read a policy. Raises ValueError when it is none: what cannot be read may say anything."""
    if not policy:
        return
    found = json.loads(policy)
    if not isinstance(found, dict) or "Statement" not in found:
        raise ValueError("a policy without statements")
    items = found["Statement"]
    for item in items if isinstance(items, list) else [items]:
        if not isinstance(item, dict):
            raise TypeError("a statement that is no object")
        yield item
