"""Whose `client(…)` a call is: the AWS SDK's, another library's, or nobody can tell."""

import ast
import re
import sys
from collections.abc import Callable, Sequence
from enum import IntEnum

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.sdk_services.scopes import Assigned, Binding, Imported, Scope, Scopes

FAMILY = frozenset({"boto3", "botocore", "aioboto3", "aiobotocore"})
"""Top-level packages that make clients by the name of a service."""

FACTORIES = frozenset({"client", "resource", "create_client"})
"""https://docs.aws.amazon.com/boto3/latest/reference/core/session.html and botocore's Session."""

_CLIENT_MODULES = frozenset({"botocore.client", "aiobotocore.client"})

_FUNCTION_MODULES = frozenset({"boto3", "aioboto3"})

_LIKE_A_SESSION = re.compile(r"session|boto|aws", re.IGNORECASE)

_MOST_STEPS = 12

_MOST_EXPRESSIONS = 300


class Whose(IntEnum):
    """The owner of a method, from certainly not the SDK to certainly the SDK."""

    ANOTHERS = 0
    UNKNOWN = 1
    PERHAPS = 2
    """It comes from another file of the same code, which imports the SDK."""
    SDK = 3


def is_family(dotted: str) -> bool:
    """Tell a module of the SDK, or something in one, by its dotted name."""
    return dotted.partition(".")[0] in FAMILY


@dataclass(kw_only=True)
class Receivers:
    """Tells whose a thing is, for the expressions of one file."""

    scopes: Scopes
    is_related: Callable[[str], bool]
    """Whether a dotted name leads to a file of the same code that imports the SDK."""
    _left: int = 0
    """How many expressions may still be looked at: code of others may be written to take for ever."""

    def whose(self, node: ast.expr, scope: Scope, steps: int = 0) -> Whose:
        """Tell whose the methods of an expression's value are."""
        found = Whose.UNKNOWN
        self._left = _MOST_EXPRESSIONS if steps == 0 else self._left - 1
        match node:
            case _ if steps > _MOST_STEPS or self._left < 0:
                pass
            case ast.Name(id=name):
                found = self._named(name, scope, steps)
            case ast.Attribute() | ast.Await() | ast.NamedExpr():
                found = self.whose(node.value, scope, steps + 1)
            case ast.IfExp(body=one, orelse=other):
                found = max(self.whose(part, scope, steps + 1) for part in (one, other))
            case ast.BoolOp(values=parts):
                found = max(self.whose(part, scope, steps + 1) for part in parts)
            case ast.Call(func=function) if self.is_factory(function, scope):
                found = Whose.ANOTHERS  # a client, which makes no clients
            case ast.Call(func=function):
                owner = self.whose(function, scope, steps + 1)
                found = owner if owner >= Whose.PERHAPS else Whose.UNKNOWN
            case ast.Constant() | ast.JoinedStr() | ast.Dict() | ast.List() | ast.Tuple():
                found = Whose.ANOTHERS
            case _:
                pass
        return found

    def is_factory(self, node: ast.expr, scope: Scope) -> bool:
        """Tell what makes clients for certain: `boto3.client`, or a name that was imported as it."""
        match node:
            case ast.Attribute(attr=attr, value=value) if attr in FACTORIES:
                is_module = self._dotted(node, scope) in _CLIENT_MODULES
                return not is_module and self.whose(value, scope) is Whose.SDK
            case ast.Call(func=ast.Name(id="getattr"), args=[value, ast.Constant(value=attr), *_]):
                return attr in FACTORIES and self.whose(value, scope) is Whose.SDK
            case ast.Name(id=name):
                return any(self._is_imported_factory(b) for b in scope.lookup(name)) or (
                    name in FACTORIES and not scope.lookup(name) and self._has_star
                )
            case _:
                return False

    def is_module(self, node: ast.expr, scope: Scope) -> bool:
        """Tell the module that has the functions `client` and `resource`."""
        return self._dotted(node, scope) in _FUNCTION_MODULES

    @property
    def _has_star(self) -> bool:
        return any(is_family(module) for module in self.scopes.stars)

    def _is_imported_factory(self, binding: Binding) -> bool:
        if not isinstance(binding, Imported) or binding.name in _CLIENT_MODULES:
            return False
        return is_family(binding.name) and binding.name.rpartition(".")[2] in FACTORIES

    def _named(self, name: str, scope: Scope, steps: int) -> Whose:
        found: Sequence[Binding] = scope.lookup(name)
        if not found:
            return Whose.SDK if self._has_star and name == "Session" else Whose.UNKNOWN
        return max(self._bound(binding, steps) for binding in found)

    def _bound(self, binding: Binding, steps: int) -> Whose:
        match binding:
            case Imported(name=name, is_module=is_module):
                if is_family(name):
                    return Whose.SDK
                if self.is_related(name):
                    return Whose.PERHAPS
                if name.partition(".")[0] in sys.stdlib_module_names or is_module:
                    return Whose.ANOTHERS
                return Whose.UNKNOWN if _LIKE_A_SESSION.search(name) else Whose.ANOTHERS
            case Assigned(value=value, scope=scope):
                return self.whose(value, scope, steps + 1)
            case _:
                return Whose.UNKNOWN

    def _dotted(self, node: ast.expr, scope: Scope) -> str:
        """Give the dotted name of a module's attribute; empty for any other."""
        match node:
            case ast.Name(id=name):
                names = {b.name for b in scope.lookup(name) if isinstance(b, Imported)}
                return names.pop() if len(names) == 1 else ""
            case ast.Attribute(value=value, attr=attr):
                owner = self._dotted(value, scope)
                return f"{owner}.{attr}" if owner else ""
            case _:
                return ""
