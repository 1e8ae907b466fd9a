"""Which services the code of installed distributions asks for."""

from collections.abc import Callable, Iterable, Mapping

from layer_builder.model import InstalledFile
from layer_builder.sdk_services.needs import ServiceNeeds
from layer_builder.sdk_services.sources import find_services, is_code, may_ask

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
    sources = {}
    for file in files:
        if is_code(file.path) and owners.get(file.path) not in _ASK_FOR_OTHERS:
            source = read(file.path)
            if may_ask(source):
                sources[file.path] = source
    return find_services(sources)
