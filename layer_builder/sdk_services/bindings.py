"""Reads of a parsed file what its names are bound to, and which calls and mentions it has."""

import ast
from collections.abc import Iterator
from typing import TypeAlias

from layer_builder.sdk_services.scopes import Assigned, Imported, OneOf, Scope, Scopes, Unknown

_Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_LEAVES = (ast.Constant, ast.expr_context, ast.operator, ast.unaryop, ast.boolop, ast.cmpop)


_MUTATORS = frozenset(
    [
        "append",
        "extend",
        "insert",
        "add",
        "update",
        "setdefault",
        "pop",
        "popitem",
        "remove",
        "discard",
        "clear",
    ]
)
"""Methods that make of a list, set or mapping another than its literal says."""


def read_scopes(tree: ast.Module) -> Scopes:
    """Find out what each name of a module stands for."""
    scopes = Scopes()
    _Reader(scopes).read(tree.body, scopes.module)
    return scopes


class _Reader:
    def __init__(self, scopes: Scopes) -> None:
        self.scopes = scopes

    def read(self, nodes: "list[ast.stmt] | list[ast.AST]", scope: Scope) -> None:
        for node in nodes:
            for found in _here(node):
                self._declare(found, scope)
        # A queue and not recursion: generated code nests deeper than Python does.
        queue = [(node, scope) for node in reversed(nodes)]
        while queue:
            node, here = queue.pop()
            children = self._visit(node, here)
            queue += [child for child in reversed(children) if not isinstance(child[0], _LEAVES)]

    def _declare(self, node: ast.AST, scope: Scope) -> None:
        if isinstance(node, ast.Global):
            scope.elsewhere |= dict.fromkeys(node.names, scope.module)
        elif isinstance(node, ast.Nonlocal):
            around: Scope | None = scope
            while around and around.parent:
                for name in node.names:
                    around.bind(name, Unknown())
                around = around.parent

    def _visit(self, node: ast.AST, scope: Scope) -> list[tuple[ast.AST, Scope]]:
        self._bind(node, scope)
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                return self._function(node, scope)
            case ast.ClassDef():
                scope.bind(node.name, Unknown())
                inner = Scope(parent=scope, is_class=True)
                outside = [*node.decorator_list, *node.bases, *node.keywords]
                return [(n, scope) for n in outside] + [(n, inner) for n in node.body]
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                inner = Scope(parent=scope)
                for part in node.generators:
                    self._target(part.target, part.iter, inner, is_loop=True)
                return [(child, inner) for child in ast.iter_child_nodes(node)]
            case ast.Call():
                self.scopes.calls.append((node, scope))
            case ast.Attribute() | ast.Name() if isinstance(node.ctx, ast.Load):
                self.scopes.mentions.append((node, scope))
            case ast.AnnAssign():  # an annotation asks for nothing
                return [(n, scope) for n in (node.target, node.value) if n]
            case ast.arg():
                return []
            case _:
                pass
        return [(child, scope) for child in ast.iter_child_nodes(node)]

    def _function(self, node: _Function, scope: Scope) -> list[tuple[ast.AST, Scope]]:
        inner = Scope(parent=scope)
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [one for one in (arguments.vararg, arguments.kwarg) if one]
        for argument in every:
            inner.bind(argument.arg, Unknown())
        outside: list[ast.AST] = [arguments]
        body: list[ast.AST] = [node.body] if isinstance(node, ast.Lambda) else [*node.body]
        if not isinstance(node, ast.Lambda):
            scope.bind(node.name, Unknown())
            outside += node.decorator_list
        for statement in body:
            for found in _here(statement):
                self._declare(found, inner)
        return [(n, scope) for n in outside] + [(n, inner) for n in body]

    def _bind(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.Import() | ast.ImportFrom():
                self._imports(node, scope)
            case ast.Attribute() | ast.Subscript():
                self._note_change(node)
            case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar() if node.name:
                scope.bind(node.name, Unknown())
            case ast.MatchMapping() if node.rest:
                scope.bind(node.rest, Unknown())
            case _:
                self._assign(node, scope)

    def _assign(self, node: ast.AST, scope: Scope) -> None:
        match node:
            case ast.Assign():
                for target in node.targets:
                    self._target(target, node.value, scope)
            case ast.AnnAssign() | ast.NamedExpr() if node.value:
                self._target(node.target, node.value, scope)
            case ast.For() | ast.AsyncFor():
                self._target(node.target, node.iter, scope, is_loop=True)
            case ast.AugAssign():
                self._unknown(node.target, scope)
            case ast.withitem() if isinstance(node.optional_vars, ast.Name):
                self._target(node.optional_vars, node.context_expr, scope)
            case ast.withitem() if node.optional_vars:
                self._unknown(node.optional_vars, scope)
            case _:
                pass

    def _note_change(self, node: ast.Attribute | ast.Subscript) -> None:
        """Note what is changed in place, and of what an attribute is asked for."""
        is_changing = (
            node.attr in _MUTATORS
            if isinstance(node, ast.Attribute)
            else not isinstance(node.ctx, ast.Load)
        )
        if isinstance(node, ast.Attribute):
            self.scopes.held.append(node.value)
        if is_changing and isinstance(node.value, ast.Name):
            self.scopes.changed.add(node.value.id)

    def _imports(self, node: ast.Import | ast.ImportFrom, scope: Scope) -> None:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                self._import(alias.asname or name, name, scope, is_module=True)
                self.scopes.imports.append(Imported(name=alias.name, is_module=True))
            return
        module = "." * node.level + (node.module or "")
        for alias in node.names:
            if alias.name == "*":
                self.scopes.stars.append(module)
                self.scopes.imports.append(Imported(name=module, is_module=False))
                continue
            dotted = f"{module}{'' if module.endswith('.') else '.'}{alias.name}"
            self._import(alias.asname or alias.name, dotted, scope, is_module=False)
            self.scopes.imports.append(Imported(name=dotted, is_module=False))

    def _import(self, name: str, dotted: str, scope: Scope, *, is_module: bool) -> None:
        scope.bind(name, Imported(name=dotted, is_module=is_module))

    def _target(
        self, target: ast.expr, value: ast.expr, scope: Scope, *, is_loop: bool = False
    ) -> None:
        match target, value:
            case ast.Name(id=name), _ if is_loop:
                scope.bind(name, OneOf(values=value, scope=scope))
            case ast.Name(id=name), _:
                scope.bind(name, Assigned(value=value, scope=scope))
                self.scopes.named.append((name, value, scope))
            case ast.Attribute(attr=name), _ if not is_loop:
                self.scopes.named.append((name, value, scope))
            case ((ast.Tuple(elts=parts) | ast.List(elts=parts)), _) if is_loop:
                for index, part in enumerate(parts):
                    if isinstance(part, ast.Name):
                        scope.bind(part.id, OneOf(values=value, scope=scope, index=index))
                    else:
                        self._unknown(part, scope)
            case (
                (ast.Tuple(elts=parts) | ast.List(elts=parts)),
                (ast.Tuple(elts=values) | ast.List(elts=values)),
            ) if len(parts) == len(values) and not any(
                isinstance(part, ast.Starred) for part in (*parts, *values)
            ):
                for part, one in zip(parts, values, strict=True):
                    self._target(part, one, scope)
            case _:
                self._unknown(target, scope)

    def _unknown(self, target: ast.expr, scope: Scope) -> None:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                scope.bind(node.id, Unknown())


def _here(node: ast.AST) -> Iterator[ast.AST]:
    """Walk what is in a statement, but not in the functions and classes inside it."""
    queue = [node]
    while queue:
        found = queue.pop()
        yield found
        if not isinstance(
            found, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
        ):
            queue += ast.iter_child_nodes(found)
