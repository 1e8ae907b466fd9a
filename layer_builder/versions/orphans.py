"""Orphans: layer versions of this manifest's owner whose layer the manifest has no more.

A layer that was renamed or removed leaves its versions behind, and no publish looks at them again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from layer_builder.aws import Region
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import LayerUser, LayerVersionArn, VersionSummary
from layer_builder.publish import reason_of_others, reasons_of_users


@dataclass(frozen=True, kw_only=True)
class OrphanVersion:
    """A version that no layer of the manifest has."""

    version: VersionSummary
    used: str | None = ""
    """Who uses it; empty for nobody, None where that is not known."""
    kept: str = ""
    """Why it stayed when orphans were to go."""
    deleted: bool = False


@dataclass(frozen=True, kw_only=True)
class Orphan:
    """A layer on AWS that the manifest has no more."""

    name: str
    versions: tuple[OrphanVersion, ...]
    """Newest first; those of this owner."""


def find_orphans(
    region: Region, owner: str, names: Collection[str], users: Sequence[LayerUser] | None
) -> list[Orphan]:
    """Find what has this owner's stamp and none of these names. Raises AwsError.

    One call lists all layers of the region with the newest version of each; a layer whose newest
    version is another owner's is that one's now.
    """
    used = None if users is None else reasons_of_users(users)
    found = region.catalog.layers()
    theirs = [
        name
        for name, newest in sorted(found.items())
        if name not in names and newest.stamp and newest.stamp.owner == owner
    ]
    orphans = []
    for name in theirs:
        own = [v for v in region.catalog.versions(name) if v.stamp and v.stamp.owner == owner]
        versions = (
            OrphanVersion(version=v, used=None if used is None else used.get(v.arn, ""))
            for v in own
        )
        orphans.append(Orphan(name=name, versions=tuple(versions)))
    return orphans


def retire_orphans(
    region: Region, orphans: Sequence[Orphan], tell: Callable[[str], None]
) -> list[Orphan]:
    """Delete the versions of orphans that nobody uses and nobody else may use; gives what came of it.

    Raises AwsError where AWS refuses; what was deleted before has been told.
    """

    def retire(name: str, one: OrphanVersion) -> OrphanVersion:
        why = "who uses it is not known" if one.used is None else one.used
        if not why:
            policy = region.policies.read(name, one.version.number)
            why = reason_of_others(policy, LayerVersionArn.parse(one.version.arn).account)
        if why:
            done = replace(one, kept=why)
        else:
            region.versions.delete_version(name, one.version.number)
            done = replace(one, deleted=True)
        tell(f"{one.version.arn} {f'stays: {why}' if why else 'deleted'}")
        return done

    return [
        replace(
            orphan, versions=tuple(retire(orphan.name, one) for one in orphan.versions[::-1])[::-1]
        )
        for orphan in orphans
    ]


def orphan_data(orphans: Sequence[Orphan]) -> list[Mapping[str, object]]:
    """Render as JSON-ready data."""
    return [
        {
            "name": orphan.name,
            "versions": [
                {
                    "version": one.version.number,
                    "arn": one.version.arn,
                    "created": one.version.created,
                    "commit": one.version.stamp.commit if one.version.stamp else None,
                    "used": one.used,
                    "kept": one.kept or None,
                    "deleted": one.deleted,
                }
                for one in orphan.versions
            ],
        }
        for orphan in orphans
    ]


def orphan_lines(orphans: Sequence[Orphan], region: str) -> list[str]:
    """Say it in lines, one for each layer."""
    return [
        f"orphan {orphan.name} in {region}, which no layer of the manifest is called any more: "
        + ", ".join(_said(one) for one in orphan.versions)
        for orphan in orphans
    ]


def _said(one: OrphanVersion) -> str:
    if one.deleted:
        return f"version {one.version.number} (deleted)"
    why = one.kept or one.used
    if one.used is None and not why:
        why = "who uses it is not known"
    return f"version {one.version.number}" + (f" ({why})" if why else "")
