"""The AWS SDK for Python in a layer: its family of distributions, left to the runtime as a whole."""

import contextlib
from collections.abc import Iterator, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from layer_builder.errors import InstallError
from layer_builder.model import Sdk, SdkPolicy, Target
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


def runtime_paths(sdk: Sdk, installation: Installation, target: Target) -> frozenset[str]:
    """List what is left to the runtime, as the manifest's `sdk:` says.

    Raises InstallError when another distribution needs the SDK newer than the runtime may have it.
    """
    if sdk.policy is not SdkPolicy.RUNTIME:
        return frozenset()
    distributions = sdk_left_to_runtime(installation.distributions, target)
    return frozenset(path for one in distributions for path in one.files)


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
