"""The AWS SDK for Python in a layer: all of it, none of it, or all of it with some services."""

import contextlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from layer_builder.errors import InstallError, ManifestError, Problem, did_you_mean
from layer_builder.model import Sdk, SdkPolicy, Target
from layer_builder.prune.source import ReadSource, source_place
from layer_builder.tree import Distribution, Installation

SDK_DISTRIBUTIONS = frozenset(
    {"boto3", "botocore", "s3transfer", "jmespath", "urllib3", "python-dateutil", "six"}
)
"""Distributions that Lambda's Python runtimes bring, and that only work together."""


_AT_LEAST = {
    "boto3": "1.38.36", "botocore": "1.38.36", "s3transfer": "0.13.0", "jmespath": "1.0.1",
    "urllib3": "1.26.19", "python-dateutil": "2.9.0.post0", "six": "1.16.0",
}  # fmt: skip
"""What the runtimes had in mid-2025. AWS updates them without notice and differently by region,
so no newer number can be relied on: https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html
"""


_CLIENT_CALL = re.compile(
    rb"\b(?:client|resource|create_client)\(\s*(?:service_name\s*=\s*)?[\"']([a-z0-9-]+)[\"']"
)


_SERVICE_DATA = re.compile(r"(?:botocore|boto3)/data/(?P<service>[^/]+)/")


@dataclass(frozen=True, kw_only=True)
class SdkSelection:
    """What becomes of the SDK's files in a layer."""

    to_runtime: frozenset[str] = frozenset()
    """Paths of the distributions that the runtime is to bring."""
    unwanted: frozenset[str] = frozenset()
    """Paths of the data of services that the layer does not keep."""


def select_sdk(sdk: Sdk, installation: Installation, target: Target) -> SdkSelection:
    """Choose what goes of the SDK, as the manifest's `sdk:` says.

    Raises InstallError when another distribution needs the SDK newer than the runtime may have it,
    ManifestError for a service that botocore does not know.
    """
    match sdk.policy:
        case SdkPolicy.BUNDLE:
            return SdkSelection()
        case SdkPolicy.RUNTIME:
            distributions = sdk_left_to_runtime(installation.distributions, target)
            return SdkSelection(
                to_runtime=frozenset(path for one in distributions for path in one.files)
            )
        case SdkPolicy.SERVICES:
            paths = [file.path for file in installation.files]
            return SdkSelection(unwanted=frozenset(unwanted_service_data(paths, sdk.services)))
        case _:
            assert_never(sdk.policy)


def service_warnings(
    sdk: Sdk, kept: Iterable[str], left_out: Iterable[str], read: ReadSource
) -> list[Problem]:
    """Warn of services that kept code asks for and whose data is left out.

    Args:
        sdk: what the manifest says of the SDK.
        kept: paths of the files that stay and are not the SDK's own.
        left_out: paths of the data that goes.
        read: gives the bytes of a file.
    """
    if sdk.policy is not SdkPolicy.SERVICES:
        return []
    asked_for = requested_services({path: read(path) for path in kept if path.endswith(".py")})
    missing = {path.split("/")[2] for path in left_out} - {*sdk.services}
    return [
        Problem(
            message=f"sdk: {place} asks for the service {service!r}, whose data is left out",
            advice=(f"add {service} to sdk:",),
        )
        for service, place in asked_for.items()
        if service in missing
    ]


def sdk_left_to_runtime(installed: Sequence[Distribution], target: Target) -> list[Distribution]:
    """Pick the SDK's distributions, to leave them out together.

    Raises InstallError when another distribution needs one of them at a version that the runtime
    may not have.
    """
    sdk = [distribution for distribution in installed if distribution.name in SDK_DISTRIBUTIONS]
    versions = {distribution.name: _AT_LEAST[distribution.name] for distribution in sdk}
    conflicts = [
        f"{other.name} {other.version} needs {requirement}; the runtime may have {name} {version}"
        for other in installed
        if other.name not in SDK_DISTRIBUTIONS
        for requirement in _requirements(other)
        if (version := versions.get(name := canonicalize_name(requirement.name)))
        and (requirement.marker is None or requirement.marker.evaluate(target.markers))
        and not requirement.specifier.contains(version, prereleases=True)
    ]
    if conflicts:
        raise InstallError.because(
            "sdk: runtime leaves out what another distribution needs newer",
            details=tuple(conflicts),
            advice=("sdk: bundle, or a list of services, keeps the SDK in the layer",),
        )
    return sdk


def _requirements(distribution: Distribution) -> Iterator[Requirement]:
    """List what a distribution requires; metadata older than PEP 508 is skipped."""
    for text in distribution.requires:
        with contextlib.suppress(InvalidRequirement):
            yield Requirement(text)


def unwanted_service_data(paths: Iterable[str], services: Collection[str]) -> list[str]:
    """List the data of services that the layer does not keep.

    Raises ManifestError for a service that botocore does not know.
    """
    data = {path: match["service"] for path in paths if (match := _SERVICE_DATA.match(path))}
    known = set(data.values())
    problems = [
        Problem(
            message=f"sdk: botocore has no service {service!r}",
            advice=did_you_mean(service, known)[:1] if known else ("the layer has no botocore",),
        )
        for service in services
        if service not in known
    ]
    if problems:
        raise ManifestError(*problems)
    return sorted(path for path, service in data.items() if service not in services)


def requested_services(sources: Mapping[str, bytes]) -> dict[str, str]:
    """Find the services that code makes clients for by a literal name, with the first line of each."""
    services: dict[str, str] = {}
    for path, source in sorted(sources.items()):
        for call in _CLIENT_CALL.finditer(source):
            place = source_place(path, source, call.start())
            services.setdefault(call[1].decode(), place)
    return services
