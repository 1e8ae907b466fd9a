"""What the names of a Python file stand for, scope by scope; no code is run.

Rules: https://docs.python.org/3/reference/executionmodel.html#naming-and-binding
"""

import ast
from dataclasses import field
from typing import TypeAlias

from layer_builder.lazy_dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A module, or what is in it, by its dotted name; relative ones begin with dots."""

    name: str
    is_module: bool
    """Bound by `import name`, not by `from … import`."""


@dataclass(frozen=True, kw_only=True)
class Assigned:
    """The value of an expression."""

    value: ast.expr
    scope: "Scope"


@dataclass(frozen=True, kw_only=True)
class OneOf:
    """An element of what an expression gives, or what stands at an index of each element."""

    values: ast.expr
    scope: "Scope"
    index: int | None = None


@dataclass(frozen=True, kw_only=True)
class Unknown:
    """A parameter, a function, a class: anything."""


Binding: TypeAlias = Imported | Assigned | OneOf | Unknown


@dataclass(kw_only=True, eq=False)
class Scope:
    """A module, class, function or comprehension with what it binds."""

    parent: "Scope | None" = None
    is_class: bool = False
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    elsewhere: dict[str, "Scope"] = field(default_factory=dict)
    """Names that `global` binds in another scope."""

    @property
    def module(self) -> "Scope":
        """The outermost scope."""
        return self.parent.module if self.parent else self

    def bind(self, name: str, binding: Binding) -> None:
        """Note one more thing that a name stands for."""
        home = self.elsewhere.get(name, self)
        home.bindings.setdefault(name, []).append(binding)

    def lookup(self, name: str) -> list[Binding]:
        """List all that a name may stand for here; nothing for a name from nowhere."""
        scope: Scope | None = self.elsewhere.get(name, self)
        is_inner = False
        while scope:
            if name in scope.bindings and not (is_inner and scope.is_class):
                return scope.bindings[name]
            scope, is_inner = scope.parent, True
        return []


@dataclass(kw_only=True)
class Scopes:
    """A parsed file: each call and mention of an attribute, with the scope that it stands in."""

    module: Scope = field(default_factory=Scope)
    calls: list[tuple[ast.Call, Scope]] = field(default_factory=list)
    mentions: list[tuple[ast.Attribute | ast.Name, Scope]] = field(default_factory=list)
    imports: list[Imported] = field(default_factory=list)
    stars: list[str] = field(default_factory=list)
    """Modules of `from … import *`."""
    changed: set[str] = field(default_factory=set)
    """Names of which something is changed in place."""
    named: list[tuple[str, ast.expr, Scope]] = field(default_factory=list)
    """Values that are given a name, or an attribute of that name."""
    held: list[ast.expr] = field(default_factory=list)
    """Expressions of which an attribute is asked for."""
