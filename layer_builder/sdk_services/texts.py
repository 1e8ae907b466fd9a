"""What text an expression may give, as far as the file itself says it."""

import ast
from collections.abc import Sequence
from itertools import product

from layer_builder.sdk_services.elements import (
    Element,
    Search,
    at_index,
    elements_of,
    values_of,
)
from layer_builder.sdk_services.scopes import Assigned, Binding, Imported, OneOf, Scope, Unknown

_MOST_TEXTS = 200


def texts_of(node: ast.expr, scope: Scope, search: Search, steps: int = 0) -> frozenset[str] | None:
    """Give all texts that an expression may have; None where the file alone does not tell.

    `search` bounds how far a name is followed.
    """
    if not search.goes_on(steps):
        return None
    found: frozenset[str] | None = None
    match node:
        case ast.Constant(value=str(text)):
            found = frozenset({text})
        case ast.Name(id=name) if name not in search.changed:
            found = _union([_bound(binding, search, steps) for binding in scope.lookup(name)])
        case ast.Subscript(value=value):
            found = _texts(values_of(value, scope, search, steps + 1), search, steps)
        case ast.JoinedStr(values=parts):
            found = _joined(parts, scope, search, steps)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            found = _joined([left, right], scope, search, steps)
        case _ if choices := _choices(node):
            found = _union([texts_of(part, scope, search, steps + 1) for part in choices])
        case _:
            pass
    return found


def _choices(node: ast.expr) -> Sequence[ast.expr]:
    """List the expressions of which one gives the value of another; none for most."""
    match node:
        case ast.IfExp(body=one, orelse=other):
            return [one, other]
        case ast.BoolOp(op=ast.Or(), values=parts):
            return parts
        case ast.NamedExpr(value=value):
            return [value]
        case ast.FormattedValue(value=value, conversion=-1, format_spec=None):
            return [value]
        case _:
            return []


def texts_among(node: ast.expr, scope: Scope, search: Search) -> frozenset[str] | None:
    """Give all texts that the elements of an expression may have; None as above."""
    return _texts(elements_of(node, scope, search, 0), search, 0)


def _texts(found: Sequence[Element] | None, search: Search, steps: int) -> frozenset[str] | None:
    if found is None:
        return None
    return _union([texts_of(one, scope, search, steps + 1) for one, scope in found])


def _union(parts: Sequence[frozenset[str] | None]) -> frozenset[str] | None:
    known = [part for part in parts if part is not None]
    if not parts or len(known) < len(parts):
        return None
    return frozenset[str]().union(*known)


def _joined(
    parts: Sequence[ast.expr], scope: Scope, search: Search, steps: int
) -> frozenset[str] | None:
    found = [texts_of(part, scope, search, steps + 1) for part in parts]
    known = [part for part in found if part is not None]
    if len(known) < len(found):
        return None
    count = 1
    for part in known:
        count *= len(part)
    return frozenset(map("".join, product(*known))) if count <= _MOST_TEXTS else None


def _bound(binding: Binding, search: Search, steps: int) -> frozenset[str] | None:
    match binding:
        case Assigned(value=value, scope=scope):
            return texts_of(value, scope, search, steps + 1)
        case OneOf(values=values, scope=scope, index=index):
            found = elements_of(values, scope, search, steps + 1)
            if found is not None and index is not None:
                found = at_index(found, index)
            return _texts(found, search, steps)
        case Imported() | Unknown():
            return None
