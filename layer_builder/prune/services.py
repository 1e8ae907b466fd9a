"""The data of AWS's services in a layer: of all, of those named, or of those that code asks for."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import assert_never

from layer_builder.errors import ManifestError, Problem, did_you_mean
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import InstalledFile, KeptServices, Sdk, SdkPolicy, ServiceUse
from layer_builder.prune.source import ReadSource
from layer_builder.scans import Scan, scan_anew
from layer_builder.sdk_services import (
    CREDENTIAL_SERVICES,
    ServiceNeeds,
    joined_needs,
    needed_data,
    services_of_tree,
)

_SHOWN = 10


_SERVICE_DATA = re.compile(r"(?:botocore|boto3)/data/(?P<service>[^/]+)/")


@dataclass(frozen=True, kw_only=True)
class ServiceSelection:
    """What becomes of the data of services in a layer."""

    unwanted: frozenset[str] = frozenset()
    """Paths of the data of services that the layer does not keep."""
    services: KeptServices | None = None
    """What is kept of them, where that was chosen."""
    warnings: tuple[Problem, ...] = ()


def select_services(  # noqa: PLR0913, PLR0917 (as of the plan that it is a part of)
    sdk: Sdk,
    kept: Sequence[InstalledFile],
    owners: Mapping[str, str],
    needs: ServiceNeeds,
    read: ReadSource,
    scan: Scan = scan_anew,
) -> ServiceSelection:
    """Choose whose data stays, as the manifest's `sdk:` says.

    Args:
        sdk: what the manifest says of the SDK.
        kept: the files that stay otherwise.
        owners: the distribution (normalised name) of each path.
        needs: what code outside of the tree asks for.
        read: gives the bytes of a file.
        scan: remembers what was read out of contents.

    Raises ManifestError for a service that botocore does not know.
    """
    data = {file.path: match["service"] for file in kept
            if (match := _SERVICE_DATA.match(file.path))}  # fmt: skip
    match sdk.policy:
        case SdkPolicy.BUNDLE | SdkPolicy.RUNTIME:
            return ServiceSelection()
        case SdkPolicy.SERVICES:
            _refuse_unknown(sdk.services, _known(owners))
            own = services_of_tree(kept, owners, read, scan)
            listed = {*sdk.services, *CREDENTIAL_SERVICES}
            uses = [ServiceUse(service=name, place="named in sdk:") for name in sdk.services]
            return _selection(kept, data, uses, listed, _left_out(data, listed, own))
        case SdkPolicy.AUTO:
            if not data:
                return ServiceSelection()
            own = services_of_tree(kept, owners, read, scan)
            return _needed(kept, data, needs, own)
        case _:
            assert_never(sdk.policy)


def _needed(
    kept: Sequence[InstalledFile], data: Mapping[str, str], others: ServiceNeeds, own: ServiceNeeds
) -> ServiceSelection:
    """Keep what is needed; everything where nobody can tell, or nobody asks for anything."""
    known = set(data.values())
    needs = joined_needs([others, own])
    uses = [use for use in needs.uses if use.service in known]
    if not needs.is_all and uses:
        return _selection(kept, data, uses, needed_data(needs, known), ())
    because = own.reasons
    if not needs.is_all:
        because = ("no code was found to ask for any service",)
    services = KeptServices(
        all_because=because, all_because_of_others=others.reasons, known=len(known)
    )
    return ServiceSelection(services=services, warnings=_unreadable(own))


def _selection(
    kept: Sequence[InstalledFile],
    data: Mapping[str, str],
    uses: Iterable[ServiceUse],
    wanted: Collection[str],
    warnings: tuple[Problem, ...],
) -> ServiceSelection:
    known = set(data.values())
    named = {use.service for use in uses}
    for_credentials = [
        ServiceUse(service=name, place="botocore's credentials")
        for name in (CREDENTIAL_SERVICES - named) & known
    ]
    unwanted = frozenset(path for path, service in data.items() if service not in wanted)
    services = KeptServices(
        uses=tuple(sorted((*uses, *for_credentials))),
        known=len(known),
        bytes_left_out=sum(file.size for file in kept if file.path in unwanted),
    )
    return ServiceSelection(unwanted=unwanted, services=services, warnings=warnings)


def _unreadable(own: ServiceNeeds) -> tuple[Problem, ...]:
    """Warn of distributions whose calls do not say what they ask for."""
    if not own.unreadable:
        return ()
    first, more = own.unreadable[0], len(own.unreadable) - 1
    return (
        Problem(
            message=f"sdk: auto keeps the data of all services: {first.place} does not say which"
            f" it asks for" + (f", nor do {more} more" if more else ""),
            details=tuple(f"{one.place}: {one.text}" for one in own.unreadable[:_SHOWN]),
            advice=("if you know which, name them: sdk: [s3, sqs]",),
        ),
    )


def _left_out(
    data: Mapping[str, str], listed: Collection[str], own: ServiceNeeds
) -> tuple[Problem, ...]:
    """Warn of services that kept code asks for and whose data is left out."""
    missing = set(data.values()) - set(listed)
    return tuple(
        Problem(
            message=f"sdk: {use.place} asks for the service {use.service!r}, whose data is left out",
            advice=(f"add {use.service} to sdk:",),
        )
        for use in own.uses
        if use.service in missing
    )


def _known(paths: Iterable[str]) -> set[str]:
    """List the services that there is data of, also of what other rules remove."""
    return {match["service"] for path in paths if (match := _SERVICE_DATA.match(path))}


def _refuse_unknown(services: Iterable[str], known: Collection[str]) -> None:
    """Raise ManifestError for a service that botocore does not know."""
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
