"""The AWS SDK for Python in a layer: all of it, none of it, or all of it with some services."""

import contextlib
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from layer_builder.errors import InstallError, ManifestError, Problem, did_you_mean
from layer_builder.model.settings import Sdk, SdkPolicy
from layer_builder.model.target import Target
from layer_builder.tree.distributions import Distribution, Installation

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


_CALL = re.compile(
    rb"\b(?:client|resource|create_client)\(\s*(?:service_name\s*=\s*)?[\"']([a-z0-9-]+)[\"']"
)


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
            family = sdk_left_to_runtime(installation.distributions, target)
            return SdkSelection(to_runtime=frozenset(path for one in family for path in one.files))
        case SdkPolicy.SERVICES:
            paths = [file.path for file in installation.files]
            return SdkSelection(unwanted=frozenset(unwanted_service_data(paths, sdk.services)))
        case _:
            assert_never(sdk.policy)


def service_warnings(
    sdk: Sdk, kept: Iterable[str], left_out: Iterable[str], read: Callable[[str], bytes]
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
    missing = {path.split("/")[2] for path in left_out}
    return omitted_service_warnings({*sdk.services, *asked_for.keys() - missing}, asked_for)


def sdk_left_to_runtime(installed: Sequence[Distribution], target: Target) -> list[Distribution]:
    """Pick the SDK's distributions, to leave them out together.

    Raises InstallError when another distribution needs one of them at a version that the runtime
    may not have.
    """
    family = [distribution for distribution in installed if distribution.name in SDK_DISTRIBUTIONS]
    conflicts = [
        f"{other.name} {other.version} needs {requirement}; the runtime may have"
        f" {name} {_AT_LEAST[name]}"
        for other in installed
        if other.name not in SDK_DISTRIBUTIONS
        for requirement in _requirements(other)
        if (name := str(canonicalize_name(requirement.name))) in {f.name for f in family}
        and not (requirement.marker and not requirement.marker.evaluate(target.markers))
        and not requirement.specifier.contains(_AT_LEAST[name], prereleases=True)
    ]
    if conflicts:
        raise InstallError.because(
            "sdk: runtime leaves out what another distribution needs newer",
            details=tuple(conflicts),
            advice=("sdk: bundle, or a list of services, keeps the SDK in the layer",),
        )
    return family


def _requirements(distribution: Distribution) -> Iterator[Requirement]:
    for text in distribution.requires:
        with contextlib.suppress(InvalidRequirement):
            yield Requirement(text)


def unwanted_service_data(paths: Iterable[str], services: Collection[str]) -> list[str]:
    """List the data of services that the layer does not keep.

    Raises ManifestError for a service that botocore does not know.
    """
    data = {path: path.split("/")[2] for path in paths if _DATA.match(path)}
    known = set(data.values())
    wrong = [
        Problem(
            message=f"sdk: botocore has no service {service!r}",
            advice=did_you_mean(service, known)[:1] if known else ("the layer has no botocore",),
        )
        for service in services
        if service not in known
    ]
    if wrong:
        raise ManifestError(*wrong)
    return sorted(path for path, service in data.items() if service not in services)


_DATA = re.compile(r"(botocore|boto3)/data/[^/]+/")


def requested_services(sources: Mapping[str, bytes]) -> dict[str, str]:
    """Find the services that code makes clients for by a literal name, with the first line of each."""
    found: dict[str, str] = {}
    for path, source in sorted(sources.items()):
        for match in _CALL.finditer(source):
            line = source.count(b"\n", 0, match.start()) + 1
            found.setdefault(match[1].decode(), f"{path}:{line}")
    return found


def omitted_service_warnings(
    services: Collection[str], asked_for: Mapping[str, str]
) -> list[Problem]:
    """Warn of services that code asks for and the list leaves out."""
    return [
        Problem(
            message=f"sdk: {where} asks for the service {service!r}, whose data is left out",
            advice=(f"add {service} to sdk:",),
        )
        for service, where in asked_for.items()
        if service not in services
    ]
