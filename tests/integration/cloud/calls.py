"""Which AWS operation an HTTP request is: told by AWS's own models, as botocore ships them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qs, parse_qsl, unquote

import botocore.model
import botocore.session

_SCOPE = re.compile(r"Credential=[^/]+/\d+/(?P<region>[^/]+)/(?P<service>[^/]+)/")
_LABEL = re.compile(r"\\\{(\w+)(\\\+)?\\\}")
_REST = frozenset({"lambda", "s3"})
UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request, and what it asks for."""

    service: str
    """Of the signature's scope, such as `lambda`."""
    region: str
    """Of the signature's scope."""
    operation: str
    labels: Mapping[str, str]
    """What stands in the path, such as LayerName."""
    query: Mapping[str, str]
    method: str
    target: str
    """Path and query as they were sent."""
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, kw_only=True)
class _Route:
    operation: str
    method: str
    path: re.Pattern[str]
    marks: frozenset[tuple[str, str]]
    """Fixed parts of the query."""
    queries: frozenset[str]
    """Required parameters of the query."""
    headers: frozenset[str]
    """Required headers, in lower case."""
    literals: int

    @property
    def weight(self) -> int:
        """More is more particular."""
        return len(self.marks) + len(self.queries) + len(self.headers) + self.literals


def recognise(method: str, target: str, headers: Mapping[str, str], body: bytes) -> Call:
    """Tell what a request asks for that is signed, in a header or its address; the operation of any other is `unknown`."""
    path, _, query = target.partition("?")
    asked = dict(parse_qsl(query, keep_blank_values=True))
    low = {name.lower(): value for name, value in headers.items()}
    scope = _SCOPE.search(low.get("authorization") or unquote(query))
    service = scope["service"] if scope else ""
    labels: dict[str, str] = {}
    if service in _REST:
        operation, labels = _by_path(service, method, path, asked, low)
    elif "x-amz-target" in low:
        operation = low["x-amz-target"].rpartition(".")[2]
    else:
        operation = parse_qs(body.decode("latin-1")).get("Action", [UNKNOWN])[0]
    return Call(
        service=service,
        region=scope["region"] if scope else "",
        operation=operation,
        labels=labels,
        query=asked,
        method=method,
        target=target,
        headers=headers,
        body=body,
    )


def _by_path(
    service: str, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]
) -> tuple[str, dict[str, str]]:
    for route in _routes(service):
        found = route.path.fullmatch(path)
        if (
            found
            and route.method == method
            and route.marks <= set(query.items())
            and route.queries <= query.keys()
            and route.headers <= headers.keys()
        ):
            return route.operation, {k: unquote(v) for k, v in found.groupdict().items()}
    return UNKNOWN, {}


@cache
def _routes(service: str) -> tuple[_Route, ...]:
    """List a REST service's operations, the most particular first."""
    model = botocore.session.get_session().get_service_model(service)
    routes = [_route(model.operation_model(name)) for name in model.operation_names]
    return tuple(sorted(routes, key=lambda route: (-route.weight, route.operation)))


def _route(operation: botocore.model.OperationModel) -> _Route:
    path, _, marks = operation.http["requestUri"].partition("?")
    pattern = _LABEL.sub(
        lambda label: f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})",
        re.escape(path.rstrip("/")),
    )
    shape = operation.input_shape
    places = [shape.members[name].serialization for name in shape.required_members] if shape else []
    return _Route(
        operation=operation.name,
        method=operation.http["method"],
        path=re.compile(pattern + "/?"),
        marks=frozenset(parse_qsl(marks, keep_blank_values=True)),
        queries=_named(places, "querystring"),
        headers=_named(places, "header"),
        literals=len(re.sub(r"\{[^}]*\}", "", path).replace("/", "")),
    )


def _named(places: list[dict[str, str]], where: str) -> frozenset[str]:
    return frozenset(
        place["name"] if where == "querystring" else place["name"].lower()
        for place in places
        if place.get("location") == where
    )
