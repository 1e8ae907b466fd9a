"""What stands in a list, a set or a mapping, as far as the file itself says it."""

import ast
from collections.abc import Callable, Collection, Sequence
from typing import TypeVar

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.sdk_services.scopes import Assigned, Scope

_MOST_STEPS = 12
"""From a name to the text; more is a riddle, or goes in circles."""

_SAME_ELEMENTS = frozenset({"sorted", "list", "tuple", "set", "frozenset", "reversed", "iter"})

Element = tuple[ast.expr, Scope]
"""An expression, and where its names are looked up."""

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


def at_index(elements: Sequence[Element], index: int) -> list[Element] | None:
    """Pick what stands at an index of each element."""
    picked = []
    for element, scope in elements:
        if not isinstance(element, ast.Tuple | ast.List) or index >= len(element.elts):
            return None
        if any(isinstance(part, ast.Starred) for part in element.elts):
            return None
        picked.append((element.elts[index], scope))
    return picked


def elements_of(node: ast.expr, scope: Scope, search: Search, steps: int) -> list[Element] | None:
    """List what a loop over an expression meets."""
    if not search.goes_on(steps):
        return None
    found: list[Element] | None = None
    match node:
        case ast.Tuple(elts=parts) | ast.List(elts=parts) | ast.Set(elts=parts):
            if not any(isinstance(part, ast.Starred) for part in parts):
                found = [(part, scope) for part in parts]
        case ast.Dict(keys=keys):
            known = [key for key in keys if key is not None]
            found = [(key, scope) for key in known] if len(known) == len(keys) else None
        case ast.Name(id=name) if name not in search.changed:
            assigned = _assigned(name, scope)
            found = _flat([elements_of(o.value, o.scope, search, steps + 1) for o in assigned])
        case ast.Call(func=ast.Name(id=name), args=[one, *_]) if name in _SAME_ELEMENTS:
            found = elements_of(one, scope, search, steps + 1)
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


def values_of(node: ast.expr, scope: Scope, search: Search, steps: int) -> list[Element] | None:
    """List what stands in a literal mapping, or in a sequence."""
    found = _mappings(node, scope, search, steps)
    if found is None:
        is_mapping = isinstance(node, ast.Dict)
        return None if is_mapping else elements_of(node, scope, search, steps)
    return [(value, where) for mapping, where in found for value in mapping.values]


def _items(node: ast.expr, scope: Scope, search: Search, steps: int) -> list[Element] | None:
    found = _mappings(node, scope, search, steps)
    if found is None:
        return None
    return [
        (ast.Tuple(elts=[key, value], ctx=ast.Load()), where)
        for mapping, where in found
        for key, value in zip(mapping.keys, mapping.values, strict=True)
        if key is not None
    ]


_VIEWS: dict[str, Callable[[ast.expr, Scope, Search, int], list[Element] | None]] = {
    "keys": elements_of,
    "values": values_of,
    "items": _items,
}
