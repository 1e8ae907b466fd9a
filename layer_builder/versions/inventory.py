"""The inventory: what AWS has of the layers, how they grew, who uses them, what is near a limit."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from layer_builder.attach import Size
from layer_builder.errors import Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import (
    DEFAULT_WARN_AT,
    INLINE_ZIP_BYTES,
    CodeStorage,
    Layer,
    LayerContent,
    LayerUser,
    LayerVersionArn,
    LimitReading,
    VersionSummary,
    layer_arn_of,
    mib,
)
from layer_builder.publish import near_the_limit
from layer_builder.versions.orphans import Orphan


@dataclass(frozen=True, kw_only=True)
class Usage:
    """A function that uses a layer version."""

    function: str
    """Its name."""
    qualifier: str
    """`$LATEST` or the number of a published version."""
    aliases: tuple[str, ...] | None = ()
    """Those that lead to the published version; None when they may not be listed."""

    def __str__(self) -> str:
        """Write it as Lambda does: `api`, `api:3`, with its aliases `api:3 (live)`."""
        if self.qualifier == "$LATEST":
            return self.function
        aliases = f" ({', '.join(self.aliases)})" if self.aliases else ""
        return f"{self.function}:{self.qualifier}{aliases}"


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """One version of a layer."""

    version: VersionSummary
    content: LayerContent | None
    """None when it may not be read."""
    unzipped: Size | None = None
    """None when it was not asked for."""
    usages: tuple[Usage, ...] | None = ()
    """None when the functions may not be listed."""

    @property
    def unzipped_bytes(self) -> int | None:
        """What the zip unzips to, where that is known."""
        return self.unzipped.size if self.unzipped else None


@dataclass(frozen=True, kw_only=True)
class Growth:
    """What a version has more than the one before it."""

    size: int
    """Bytes; negative when it shrank."""
    share: float | None
    """Of the size before; None when that was nothing."""


def growth(now: int | None, before: int | None) -> Growth | None:
    """Compare two sizes, as far as both are known."""
    if now is None or before is None:
        return None
    return Growth(size=now - before, share=(now - before) / before if before else None)


@dataclass(frozen=True, kw_only=True)
class LayerHistory:
    """A layer in a region: its versions, newest first."""

    layers: tuple[Layer, ...]
    """Those of the manifest with this name: one for each target."""
    rows: tuple[VersionRow, ...]
    deleted: Mapping[str, tuple[Usage, ...]] = field(default_factory=dict)
    """By ARN: versions that were deleted, and that functions still use."""

    @property
    def name(self) -> str:
        """Its name on AWS."""
        return self.layers[0].name

    @property
    def key(self) -> str:
        """Its key in the manifest."""
        return self.layers[0].key

    def readings(self, row: VersionRow) -> tuple[LimitReading, ...]:
        """Hold a version against the limits of its layer, as far as its sizes are known.

        What is over 50 MiB went through S3, where there is no limit for a zip.
        """
        size = row.content.size if row.content else 0
        budget = self.layers[0].budget
        if size > INLINE_ZIP_BYTES:
            budget = replace(budget, through_s3=True)
        known = {"zip": row.content.size if row.content else None}
        known["unzipped"] = row.unzipped_bytes
        return tuple(
            LimitReading(limit=limit, used=used)
            for limit in budget.limits
            if (used := known[limit.kind]) is not None
        )


@dataclass(frozen=True, kw_only=True)
class RegionInventory:
    """What one region has of the manifest's layers."""

    region: str
    histories: tuple[LayerHistory, ...]
    storage: CodeStorage | None
    """None when AWS does not say."""
    orphans: tuple[Orphan, ...] = ()
    """Layers of this owner that the manifest has no more."""
    unknown: tuple[str, ...] = ()
    """What could not be found out, and why."""


def usages_by_version(
    users: Sequence[LayerUser], aliases: Mapping[str, Mapping[str, Sequence[str]] | None]
) -> dict[str, tuple[Usage, ...]]:
    """Tell by the ARN of a layer version who uses it; `aliases` are by function, then version."""
    by_arn: dict[str, list[Usage]] = {}
    for user in sorted(users, key=lambda user: user.order):
        named = aliases.get(user.function, {})
        usage = Usage(
            function=user.function,
            qualifier=user.qualifier,
            aliases=None if named is None else tuple(sorted(named.get(user.qualifier, ()))),
        )
        for arn in user.layers:
            by_arn.setdefault(arn, []).append(usage)
    return {arn: tuple(several) for arn, several in by_arn.items()}


def deleted_versions(
    versions: Sequence[VersionSummary], used: Mapping[str, tuple[Usage, ...]]
) -> dict[str, tuple[Usage, ...]]:
    """Find versions of a layer that are in use, and that AWS does not list any more."""
    listed = {version.arn for version in versions}
    layers = {layer_arn_of(arn) for arn in listed}
    gone = [arn for arn in used if arn not in listed and layer_arn_of(arn) in layers]
    return {
        arn: used[arn] for arn in sorted(gone, key=lambda arn: LayerVersionArn.parse(arn).number)
    }


def inventory_warnings(
    inventories: Sequence[RegionInventory], *, above: float | None = None
) -> list[Problem]:
    """Say which newest versions and which code storages are near a limit.

    From the share `above` on, or else from the `warn-at` of each layer, 80% for code storage.
    """
    problems = []
    for inventory in inventories:
        for history in inventory.histories:
            problems += _near(history, above)
        threshold = above or DEFAULT_WARN_AT
        storage = inventory.storage and near_the_limit(
            inventory.region, inventory.storage, threshold
        )
        problems += [storage] if storage else []
    return problems


def _near(history: LayerHistory, above: float | None) -> list[Problem]:
    if not history.rows:
        return []
    newest, layer = history.rows[0], history.layers[0]
    return [
        Problem(
            message=f"{newest.version.arn}: {reading.limit.kind} {mib(reading.used)} is"
            f" {reading.share:.0%} of {reading.limit.name} ({mib(reading.limit.allowed)});"
            f" {mib(reading.headroom)} left",
            layer=layer.key,
            place=layer.place,
        )
        for reading in history.readings(newest)
        if reading.share >= (above or layer.budget.warn_at)
    ]
