"""Which licences a layer may have: `licenses: {allow: […], deny: […]}`, held against what is in it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from layer_builder.errors import Problem
from layer_builder.model import UNKNOWN_LICENCE, Layer, LicencePolicy, Licensed


def licence_problems(layer: Layer, licences: Iterable[Licensed]) -> Iterator[Problem]:
    """Say which distributions of a layer have a licence that its policy does not let in."""
    policy = layer.licences
    if not policy:
        return
    for one in licences:
        if _is_let_in(one, policy):
            continue
        has = f"has the licence {one.expression}" if one.expression else "does not tell its licence"
        yield Problem(
            message=f"{one.name} {one.version} {has}, and licenses: does not let that in",
            layer=layer.key,
            place=policy.place or layer.place,
            details=(f"its metadata says: {one.said}",) if one.said else (),
            advice=(
                "take another distribution in its place; layer-builder why "
                f"{one.name} says through whom it came",
                f"or, when you have looked at it, {_way_out(one, policy)}",
            ),
        )


def _way_out(one: Licensed, policy: LicencePolicy) -> str:
    """Say what to write for a licence that is not let in: what is denied, allow: does not let in."""
    names, denied = [UNKNOWN_LICENCE], [one for one in policy.deny if one == UNKNOWN_LICENCE]
    if one.expression:
        parts = _parsed(one.expression).symbols
        names = sorted(str(part) for part in parts if not _holds(part, _as_parsed(policy)))
        denied = [
            pattern
            for pattern in policy.deny
            if any(_matches(name, (_pattern(pattern),)) for name in names)
        ]
    ways = [f"take {', '.join(denied)} out of deny:"] if denied else []
    if policy.allow or not denied:
        ways.append(f"write {', '.join(names)} under allow:")
    return " and ".join(ways)


def _is_let_in(one: Licensed, policy: LicencePolicy) -> bool:
    if not one.expression:
        return _permits(policy, (UNKNOWN_LICENCE,))
    return _holds(_parsed(one.expression), _as_parsed(policy))


def _parsed(expression: str) -> Any:  # noqa: ANN401 (license_expression is untyped)
    """Parse an expression; deprecated identifiers, such as AGPL-3.0, become those in their place."""
    from license_expression import get_spdx_licensing  # noqa: PLC0415 (150 ms, for policies alone)

    return get_spdx_licensing().parse(expression)


def _pattern(text: str) -> str:
    return text if "*" in text else str(_parsed(text))


def _as_parsed(policy: LicencePolicy) -> LicencePolicy:
    """Give a policy that has the names which the parser gives expressions."""
    allow, deny = (tuple(map(_pattern, some)) for some in (policy.allow, policy.deny))
    return replace(policy, allow=allow, deny=deny)


def _holds(node: Any, policy: LicencePolicy) -> bool:  # noqa: ANN401 (boolean.py is untyped)
    """Tell whether somebody can keep to an expression with what is permitted.

    https://spdx.github.io/spdx-spec/v3.0.1/annexes/spdx-license-expressions/
    """
    match type(node).__name__:
        case "AND":
            return all(_holds(part, policy) for part in node.args)
        case "OR":
            return any(_holds(part, policy) for part in node.args)
        case "LicenseWithExceptionSymbol":
            # An exception only adds to what its licence permits.
            return _permits(policy, (str(node), str(node.license_symbol.key)))
        case _:
            return _permits(policy, (str(node.key),))


def _permits(policy: LicencePolicy, names: Sequence[str]) -> bool:
    """Tell whether a licence is let in; the first of its names counts for more than the next."""
    for name in names:
        if _matches(name, policy.deny):
            return False
        if _matches(name, policy.allow):
            return True
    return not policy.allow


def _matches(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns)
