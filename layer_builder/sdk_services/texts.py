"""What text an expression may give, as far as the file itself says it."""

import ast
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

from layer_builder.sdk_services.scopes import Assigned, Binding, Imported, OneOf, Scope, Unknown

_MOST_STEPS = 12
"""From a name to the text; more is a riddle, or goes in circles."""

_MOST_TEXTS = 200

_SAME_ELEMENTS = frozenset({"sorted", "list", "tuple", "set", "frozenset", "reversed", "iter"})

_Element = tuple[ast.expr, Scope]
_T = TypeVar("_T")


@dataclass(kw_only=True)
class Search:
    """One search for a text. Code of others may be written to keep a reader busy for ever."""

    changed: Collection[str] = ()
    """Names of which something is changed in place."""
    left: int = 500
    """How many expressions may still be looked at."""

    def goes_on(self, steps: int) -> bool:
        """Take one more step, unless there were too many."""
        self.left -= 1
        return self.left >= 0 and steps <= _MOST_STEPS


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
            found = _texts(_values(value, scope, search, steps + 1), search, steps)
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
    return _texts(_elements(node, scope, search, 0), search, 0)


def _texts(found: Sequence[_Element] | None, search: Search, steps: int) -> frozenset[str] | None:
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
            found = _elements(values, scope, search, steps + 1)
            if found is not None and index is not None:
                found = _at(found, index)
            return _texts(found, search, steps)
        case Imported() | Unknown():
            return None


def _at(elements: Sequence[_Element], index: int) -> list[_Element] | None:
    """Pick what stands at an index of each element."""
    picked = []
    for element, scope in elements:
        if not isinstance(element, ast.Tuple | ast.List) or index >= len(element.elts):
            return None
        if any(isinstance(part, ast.Starred) for part in element.elts):
            return None
        picked.append((element.elts[index], scope))
    return picked


def _elements(node: ast.expr, scope: Scope, search: Search, steps: int) -> list[_Element] | None:
    """List what a loop over an expression meets."""
    if not search.goes_on(steps):
        return None
    found: list[_Element] | None = None
    match node:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            if not any(isinstance(part, ast.Starred) for part in parts):
                found = [(part, scope) for part in parts]
        case ast.Dict(keys=keys):
            known = [key for key in keys if key is not None]
            found = [(key, scope) for key in known] if len(known) == len(keys) else None
        case ast.Name(id=name) if name not in search.changed:
            assigned = _assigned(name, scope)
            found = _flat([_elements(o.value, o.scope, search, steps + 1) for o in assigned])
        case ast.Call(func=ast.Name(id=name), args=[one, *_]) if name in _SAME_ELEMENTS:
            found = _elements(one, scope, search, steps + 1)
        case ast.Call(func=ast.Attribute(value=value, attr=attr), args=[]) if attr in _VIEWS:
            found = _VIEWS[attr](value, scope, search, steps + 1)
        case _:
            pass
    return found


def _assigned(name: str, scope: Scope) -> list[Assigned]:
    """List the values of a name, none where it may stand for something else, too."""
    bindings = scope.lookup(name)
    assigned = [binding for binding in bindings if isinstance(binding, Assigned)]
    return assigned if len(assigned) == len(bindings) else []


def _flat(parts: Sequence[list[_T] | None]) -> list[_T] | None:
    """Put lists together; None where one is unknown, or there is none."""
    known = [part for part in parts if part is not None]
    if not parts or len(known) < len(parts):
        return None
    return [one for part in known for one in part]


def _mappings(
    node: ast.expr, scope: Scope, search: Search, steps: int
) -> list[tuple[ast.Dict, Scope]] | None:
    """List the literal mappings that an expression may be."""
    match node:
        case ast.Dict(keys=keys) if None not in keys:
            return [(node, scope)]
        case ast.Name(id=name) if name not in search.changed and search.goes_on(steps):
            assigned = _assigned(name, scope)
            return _flat([_mappings(o.value, o.scope, search, steps + 1) for o in assigned])
        case _:
            return None


def _values(node: ast.expr, scope: Scope, search: Search, steps: int) -> list[_Element] | None:
    """List what stands in a literal mapping, or in a sequence."""
    found = _mappings(node, scope, search, steps)
    if found is None:
        is_mapping = isinstance(node, ast.Dict)
        return None if is_mapping else _elements(node, scope, search, steps)
    return [(value, where) for mapping, where in found for value in mapping.values]


def _items(node: ast.expr, scope: Scope, search: Search, steps: int) -> list[_Element] | None:
    found = _mappings(node, scope, search, steps)
    if found is None:
        return None
    return [
        (ast.Tuple(elts=[key, value], ctx=ast.Load()), where)
        for mapping, where in found
        for key, value in zip(mapping.keys, mapping.values, strict=True)
        if key is not None
    ]


_VIEWS: dict[str, Callable[[ast.expr, Scope, Search, int], list[_Element] | None]] = {
    "keys": _elements,
    "values": _values,
    "items": _items,
}
