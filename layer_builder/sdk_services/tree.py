"""Which services the code of installed distributions asks for."""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from hashlib import sha256

from pydantic import TypeAdapter

from layer_builder.model import InstalledFile
from layer_builder.scans import Scan, scan_anew
from layer_builder.sdk_services.filters import has_literal_call, is_code, may_ask, names_sdk
from layer_builder.sdk_services.needs import ServiceNeeds
from layer_builder.sdk_services.sources import find_services

_ASK_FOR_OTHERS = frozenset({"boto3", "botocore", "s3transfer", "aioboto3", "aiobotocore"})
"""Distributions whose own calls say nothing: they make the client that they are asked for."""


def services_of_tree(
    files: Iterable[InstalledFile],
    owners: Mapping[str, str],
    read: Callable[[str], bytes],
    scan: Scan = scan_anew,
) -> ServiceNeeds:
    """Find what distributions ask for, but for those that make clients for others.

    Args:
        files: what is looked at.
        owners: the distribution (normalised name) of each path.
        read: gives the bytes of a file.
        scan: remembers what was read out of contents.
    """
    by_owner: dict[str, dict[str, bytes]] = {}
    knowing: set[str] = set()
    literal: set[str] = set()
    for file in files:
        owner = owners.get(file.path, "")
        if not is_code(file.path) or owner in _ASK_FOR_OTHERS:
            continue
        source = read(file.path)
        names, asks, is_literal = (
            scan("signs of the SDK", source, _signs)
            if file.path.endswith(".py")
            else (names_sdk(source), False, False)
        )
        if names:
            knowing.add(owner)
        if is_literal:
            literal.add(file.path)
        if names or asks:
            by_owner.setdefault(owner, {})[file.path] = source
    return _found(
        {
            path: source
            for owner, sources in by_owner.items()
            for path, source in sources.items()
            if owner in knowing or path in literal
        },
        scan,
    )


def _signs(source: bytes) -> tuple[bool, bool, bool]:
    """Tell whether a source names the SDK, whether it may ask for a service, and in a literal."""
    asks = may_ask(source)
    return names_sdk(source), asks, asks and has_literal_call(source)


def _found(sources: Mapping[str, bytes], scan: Scan) -> ServiceNeeds:
    """Find the services that sources ask for, which read each other's names."""
    digests = [[path, sha256(source).hexdigest()] for path, source in sorted(sources.items())]

    def find(_: bytes) -> object:
        return _needs().dump_python(find_services(sources), mode="json")

    return _needs().validate_python(scan("services", json.dumps(digests).encode(), find))


@cache
def _needs() -> TypeAdapter[ServiceNeeds]:
    return TypeAdapter(ServiceNeeds)
