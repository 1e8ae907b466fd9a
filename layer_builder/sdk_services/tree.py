"""Which services the code of installed distributions asks for."""

from collections.abc import Callable, Iterable, Mapping

from layer_builder.model import InstalledFile
from layer_builder.sdk_services.filters import has_literal_call, is_code, may_ask, names_sdk
from layer_builder.sdk_services.needs import ServiceNeeds
from layer_builder.sdk_services.sources import find_services

_ASK_FOR_OTHERS = frozenset({"boto3", "botocore", "s3transfer", "aioboto3", "aiobotocore"})
"""Distributions whose own calls say nothing: they make the client that they are asked for."""


def services_of_tree(
    files: Iterable[InstalledFile], owners: Mapping[str, str], read: Callable[[str], bytes]
) -> ServiceNeeds:
    """Find what distributions ask for, but for those that make clients for others.

    Args:
        files: what is looked at.
        owners: the distribution (normalised name) of each path.
        read: gives the bytes of a file.
    """
    by_owner: dict[str, dict[str, bytes]] = {}
    knowing: set[str] = set()
    for file in files:
        owner = owners.get(file.path, "")
        if not is_code(file.path) or owner in _ASK_FOR_OTHERS:
            continue
        source = read(file.path)
        names = names_sdk(source)
        if names:
            knowing.add(owner)
        if names or (file.path.endswith(".py") and may_ask(source)):
            by_owner.setdefault(owner, {})[file.path] = source
    return find_services(
        {
            path: source
            for owner, sources in by_owner.items()
            for path, source in sources.items()
            if owner in knowing or has_literal_call(source)
        }
    )
