"""The calls of one file that ask for a service: with its name, or without one that can be read."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import field

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.sdk_services.elements import Search
from layer_builder.sdk_services.receivers import FACTORIES, Receivers, Whose, is_family
from layer_builder.sdk_services.scopes import Scope, Scopes
from layer_builder.sdk_services.texts import texts_among, texts_of

_LOADERS = frozenset({"get_service_model", "get_service_data", "load_service_model"})
"""What else reads the data of a service by its name, in botocore's Session and Loader."""

_IMPORTING = re.compile(r"import|load|lazy", re.IGNORECASE)
"""In the name of a function that imports what a text names."""

_SHOWN_CHARACTERS = 80


@dataclass(frozen=True, kw_only=True, order=True)
class ServiceCall:
    """A call that asks for a service, or for one of several."""

    line: int
    text: str
    """The call as it is written, shortened."""
    services: frozenset[str] | None = field(compare=False)
    """None where the file does not tell."""


@dataclass(kw_only=True)
class CallReader:
    """Reads the calls of one file."""

    scopes: Scopes
    aliases: frozenset[str]
    """Names that stand for `boto3.client` somewhere in the same code."""
    is_related: Callable[[str], bool]
    """Whether a dotted name leads to a file of the same code that imports the SDK."""
    _used: set[int] = field(default_factory=set)
    """Expressions that need no further look."""

    def __post_init__(self) -> None:
        """Look at what the file imports."""
        self._receivers = Receivers(scopes=self.scopes, is_related=self.is_related)
        self._imports_sdk = imports_sdk(self.scopes)
        self._own_aliases = self.new_aliases() | {
            name
            for name, value, scope in self.scopes.named
            if isinstance(value, ast.Attribute)
            and value.attr in FACTORIES
            and self._receivers.whose(value.value, scope) is not Whose.ANOTHERS
        }

    def read(self) -> Iterator[ServiceCall]:
        """Give all calls that ask for a service."""
        for call, scope in self.scopes.calls:
            yield from self._direct(call, scope)
            yield from self._handed_on(call, scope)
            yield from self._by_attribute(call, scope)
        self._used |= {id(node) for node in self.scopes.held}
        self._used |= {id(value) for _, value, _ in self.scopes.named}
        for mention, scope in self.scopes.mentions:
            if id(mention) not in self._used and self._receivers.is_factory(mention, scope):
                yield _call(mention, None)

    def new_aliases(self) -> set[str]:
        """List the names that are given to what makes clients for certain."""
        return {
            name
            for name, value, scope in self.scopes.named
            if self._receivers.is_factory(value, scope) or self._is_partial(value, scope)
        } - FACTORIES

    def _direct(self, call: ast.Call, scope: Scope) -> Iterator[ServiceCall]:
        function = call.func
        self._used.add(id(function))
        match function:
            case ast.Attribute(attr=attr, value=owner):
                whose = self._receivers.whose(owner, scope)
                if attr not in FACTORIES | _LOADERS | self._own_aliases and (
                    attr not in self.aliases or whose < Whose.PERHAPS
                ):
                    return
            case ast.Name(id=name):
                whose = self._whose_function(name, scope)
            case ast.Call() if self._receivers.is_factory(function, scope):
                whose = Whose.SDK
            case _:
                return
        if whose is not Whose.ANOTHERS:
            yield from self._asking(call, scope, whose)

    def _whose_function(self, name: str, scope: Scope) -> Whose:
        node = ast.Name(id=name, ctx=ast.Load())
        if self._receivers.is_factory(node, scope):
            return Whose.SDK
        whose = self._receivers.whose(node, scope)
        if name in self._own_aliases:
            return max(whose, Whose.UNKNOWN)
        if name in FACTORIES | self.aliases:
            is_from_nowhere = name in FACTORIES and not scope.lookup(name)
            return whose if whose >= Whose.PERHAPS or is_from_nowhere else Whose.ANOTHERS
        return Whose.ANOTHERS

    def _asking(self, call: ast.Call, scope: Scope, whose: Whose) -> Iterator[ServiceCall]:
        given = _service_argument(call)
        if given is None:
            if any(isinstance(one, ast.Starred) for one in call.args) or any(
                keyword.arg is None for keyword in call.keywords
            ):
                yield from self._unless_strange(call, None, whose)
            return
        if isinstance(given, ast.Constant) and not isinstance(given.value, str):
            return
        yield from self._unless_strange(call, texts_of(given, scope, self._search()), whose)

    def _search(self) -> Search:
        return Search(changed=self.scopes.changed)

    def _unless_strange(
        self, call: ast.Call, services: frozenset[str] | None, whose: Whose
    ) -> Iterator[ServiceCall]:
        """Pass over calls without a name in files that have nothing to do with the SDK."""
        if services is not None or whose >= Whose.PERHAPS or self._imports_sdk:
            yield _call(call, services)

    def _handed_on(self, call: ast.Call, scope: Scope) -> Iterator[ServiceCall]:
        """Read `partial(boto3.client, "s3")`, `map(boto3.client, […])` and the like."""
        for index, argument in enumerate(call.args):
            if not self._receivers.is_factory(argument, scope):
                continue
            self._used.add(id(argument))
            given = call.args[index + 1] if index + 1 < len(call.args) else None
            for keyword in call.keywords:
                given = keyword.value if keyword.arg == "service_name" else given
            if given is None:
                is_named = any(value is call for _, value, _ in self.scopes.named)
                if not (is_named and self._is_partial(call, scope)):
                    yield _call(call, None)
                continue
            services = texts_of(given, scope, self._search())
            yield _call(call, services or texts_among(given, scope, self._search()))

    def _by_attribute(self, call: ast.Call, scope: Scope) -> Iterator[ServiceCall]:
        """Read `getattr(boto3, …)` with an attribute that cannot be read."""
        match call:
            case ast.Call(func=ast.Name(id="getattr"), args=[owner, attribute, *_]):
                names = texts_of(attribute, scope, self._search())
                if names is None and self._receivers.is_module(owner, scope):
                    yield _call(call, None)
            case _:
                pass

    def _is_partial(self, node: ast.expr, scope: Scope) -> bool:
        match node:
            case ast.Call(
                func=ast.Name(id="partial") | ast.Attribute(attr="partial"),
                args=[made],
                keywords=more,
            ):
                named = any(keyword.arg == "service_name" for keyword in more)
                return not named and self._receivers.is_factory(made, scope)
            case _:
                return False


def imports_sdk(scopes: Scopes) -> bool:
    """Tell a file that imports the SDK, in a statement or by name."""
    if any(is_family(item.name) for item in scopes.imports):
        return True
    named = (call for call, _ in scopes.calls if call.args and _IMPORTING.search(_name(call.func)))
    return any(
        isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
        and is_family(call.args[0].value)
        for call in named
    )


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _service_argument(call: ast.Call) -> ast.expr | None:
    if call.args and not isinstance(call.args[0], ast.Starred):
        return call.args[0]
    named = (keyword.value for keyword in call.keywords if keyword.arg == "service_name")
    return next(named, None)


def _call(node: ast.expr, services: frozenset[str] | None) -> ServiceCall:
    text = " ".join(ast.unparse(node).split())
    if len(text) > _SHOWN_CHARACTERS:
        text = f"{text[:_SHOWN_CHARACTERS]}…"
    return ServiceCall(line=node.lineno, text=text, services=services)
