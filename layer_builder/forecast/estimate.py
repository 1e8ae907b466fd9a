"""What a layer will weigh, from the names and sizes of what will be in it; nothing is installed.

Pruning goes by rules for paths, so it is planned as in a build, but for what sources would say:
which removed files code needs after all (few bytes), which services of the AWS SDK distributions ask
for. What stripping takes, and what bytecode adds, nobody knows before it is done.
"""

from collections.abc import Collection, Mapping, Sequence

from layer_builder.forecast.reader import WheelsRead
from layer_builder.forecast.wheel_files import WheelContents, WheelMember
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.licences import is_metadata
from layer_builder.model import (
    Bytecode,
    InstalledFile,
    Layer,
    Licensed,
    LimitReading,
    Package,
    PruneProfile,
    RuleTotal,
    SdkPolicy,
    Weight,
    check_limits,
)
from layer_builder.prune import plan_pruning
from layer_builder.sdk_services import ServiceNeeds
from layer_builder.tree import Distribution, Installation

ERROR = 0.1
"""How far an estimate may be off, as a share of what a build then finds."""

_HEADERS_BYTES, _END_BYTES = 30 + 46, 22
"""What a zip has of each member besides its name, twice, and of all: APPNOTE.TXT 4.3.7, 4.3.12, 4.3.16."""

_OURS = 0.985
"""Our packed bytes over those of wheels, which zlib's level 6 makes; see docs/plan.md."""

_STRIPPED = 0.7
"""The most that stripping took of native libraries' bytes."""


@dataclass(frozen=True, kw_only=True)
class LayerEstimate:
    """What a layer will weigh, as far as can be told."""

    layer: Layer
    weight: Weight
    least: Weight
    """What it will weigh at the least: over a limit with that, it cannot fit."""
    readings: tuple[LimitReading, ...]
    packages: tuple[Package, ...] = ()
    included_bytes: int = 0
    """Of files of the workspace: exact."""
    pruned: tuple[RuleTotal, ...] = ()
    whole: Mapping[str, str]
    """Distributions that were fetched whole, and why."""
    unknown: tuple[str, ...] = ()
    """What it leaves open, besides its error."""
    licences: tuple[Licensed, ...] = ()
    """Of its distributions, where a policy is to be held to."""
    unlicensed: tuple[str, ...] = ()
    """Distributions whose licences could not be read in that case."""

    @property
    def tightest(self) -> LimitReading:
        """The limit that it comes closest to."""
        return max(self.readings, key=lambda reading: reading.share)

    @property
    def cannot_fit(self) -> tuple[LimitReading, ...]:
        """The limits that it breaks at the least that it may weigh."""
        readings = check_limits(self.least, self.layer.budget.limits)
        return tuple(reading for reading in readings if reading.is_over)


def estimate_layer(
    layer: Layer,
    asked_for: frozenset[str],
    wheels: WheelsRead,
    included: Sequence[WheelMember],
    needs: ServiceNeeds,
) -> LayerEstimate:
    """Add up what stays of wheels and the workspace's files.

    Args:
        layer: the layer with its settings.
        asked_for: distributions (normalised names) that its requirements name.
        wheels: what is in its distributions.
        included: the workspace's files, with their paths in the zip.
        needs: the AWS services that code outside of its distributions asks for.

    Raises InstallError and ManifestError for an `sdk:` that cannot be.
    """
    members = {one.path: one for wheel in wheels.contents for one in wheel.members}
    plan = plan_pruning(layer, asked_for, _installation(wheels.contents), lambda _: b"", needs)
    gone = {*plan.removed_paths, *(file.path for file in plan.to_runtime)}
    packages = tuple(_package(wheel, gone) for wheel in wheels.contents)
    kept = [one for path, one in sorted(members.items()) if path not in gone]
    weight = Weight(
        zip_bytes=_END_BYTES
        + sum(_in_zip(one, "python/", _OURS) for one in kept)
        + sum(_in_zip(one, "", 1.0) for one in included),
        unzipped_bytes=sum(one.size for one in (*kept, *included)),
    )
    licences, unlicensed = _licences(layer, wheels, gone)
    least = _least(layer, weight, kept, sum(one.size for one in included))
    return LayerEstimate(
        layer=layer,
        weight=weight,
        least=least,
        readings=check_limits(weight, layer.budget.limits),
        packages=packages,
        included_bytes=sum(one.size for one in included),
        pruned=tuple(plan.totals),
        whole=wheels.whole,
        unknown=(
            *(f"{name}: {why}" for name, why in sorted(wheels.missing.items())),
            *_unknown(layer, packages),
        ),
        licences=licences,
        unlicensed=unlicensed,
    )


def _licences(
    layer: Layer, wheels: WheelsRead, gone: Collection[str]
) -> tuple[tuple[Licensed, ...], tuple[str, ...]]:
    """Tell the licences of what stays, by names, and of whom they are not known."""
    if not layer.licences:
        return (), ()
    # What is left to the runtime goes with its metadata, and is not in a build's zip, either.
    staying = [
        wheel
        for wheel in wheels.contents
        if not wheel.members
        or not all(one.path in gone for one in wheel.members if is_metadata(one.path))
    ]
    licences = tuple(one.licensed for one in staying if one.licensed)
    unknown = {one.name for one in staying if one.licensed is None}
    return licences, tuple(sorted(unknown | wheels.missing.keys()))


def _installation(wheels: Sequence[WheelContents]) -> Installation:
    """Describe wheels as if they were installed."""
    files = {one.path: one.size for wheel in wheels for one in wheel.members}
    return Installation(
        files=[InstalledFile(path=path, size=size) for path, size in sorted(files.items())],
        distributions=[
            Distribution(
                name=wheel.name,
                version=wheel.version,
                record="",
                hashes={one.path: "" for one in wheel.members},
            )
            for wheel in wheels
        ],
    )


def _in_zip(member: WheelMember, folder: str, factor: float) -> int:
    """Give the bytes that a file adds to a zip."""
    packed = min(member.size, round(member.packed * factor))
    return packed + _HEADERS_BYTES + 2 * len((folder + member.path).encode())


def _package(wheel: WheelContents, gone: Collection[str]) -> Package:
    kept = [one for one in wheel.members if one.path not in gone]
    return Package(
        name=wheel.name,
        version=wheel.version,
        bytes_installed=sum(one.size for one in wheel.members),
        bytes_kept=sum(one.size for one in kept),
        bytes_zipped=sum(_in_zip(one, "python/", _OURS) for one in kept),
    )


def _least(
    layer: Layer, weight: Weight, kept: Sequence[WheelMember], included_bytes: int
) -> Weight:
    """Say below which bytes the layer will not come."""
    native = [one for one in kept if layer.strip and ".so" in one.path.rpartition("/")[2]]
    unzipped = weight.unzipped_bytes - _STRIPPED * sum(one.size for one in native)
    zipped = weight.zip_bytes - _STRIPPED * sum(one.packed for one in native)
    return Weight(
        zip_bytes=int(zipped * (1 - ERROR)),
        unzipped_bytes=int(max(included_bytes, unzipped * (1 - ERROR))),
    )


def _unknown(layer: Layer, packages: Sequence[Package]) -> list[str]:
    """Name what decides the bytes and cannot be told from names and sizes."""
    unknown = []
    if layer.strip and packages:
        unknown.append("strip: true takes more away; how much, a build tells")
    if layer.bytecode is not Bytecode.NONE:
        unknown.append(f"bytecode: {layer.bytecode} adds to it; how much, a build tells")
    if layer.sdk.policy is SdkPolicy.AUTO and any(one.name == "botocore" for one in packages):
        unknown.append("sdk: auto keeps more where distributions ask for services by themselves")
    if layer.prune is not PruneProfile.OFF and packages:
        unknown.append("files that a rule removes and code needs come back; sources tell")
    return unknown
