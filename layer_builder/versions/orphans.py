"""Orphans: layer versions of this manifest's owner whose layer the manifest has no more.

A layer that was renamed or removed leaves its versions behind, and no publish looks at them again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence

from layer_builder import parallel
from layer_builder.aws import Region, grantee_name
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import (
    LayerUser,
    LayerVersionArn,
    Permissions,
    Stamp,
    VersionSummary,
    newest_stamped,
)
from layer_builder.publish import LetIn, let_in, reasons_of_users

_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class OrphanVersion:
    """A version that no layer of the manifest has."""

    version: VersionSummary
    used: str | None = ""
    """Who uses it; empty for nobody, None where that is not known."""
    let_in: LetIn | None = None
    """Whom its policy lets in; None where that is not known."""
    kept: str = ""
    """Why it stayed when orphans were to go."""
    deleted: bool = False
    removed: str = ""
    """The address of the object that went with it."""

    @property
    def stays(self) -> str:
        """Why it is not to go with the orphans; empty where it is."""
        used = "who uses it is not known" if self.used is None else self.used
        shared = self.let_in.stays if self.let_in else "who else may use it is not known"
        return "; ".join(filter(None, (used, shared)))

    @property
    def loses(self) -> tuple[str, ...]:
        """Name those who are no longer to use it."""
        ends = self.let_in.ends if self.let_in else ()
        return tuple(grantee_name(statement) for statement in ends)


@dataclass(frozen=True, kw_only=True)
class Orphan:
    """A layer on AWS that the manifest has no more."""

    name: str
    owner: str
    """By which it is known."""
    versions: tuple[OrphanVersion, ...]
    """Newest first; those of this owner."""
    above: tuple[int, ...] = ()
    """Numbers of versions without a stamp that are newer: they are nobody's, and stay."""
    retired: bool = False
    """Whether orphans were to go, and its versions say what came of it."""


@dataclass(frozen=True, kw_only=True)
class OrphanSearch:
    """What makes a version of a region an orphan, and what lets it stay."""

    region: Region
    owner: str
    names: Collection[str]
    """Those on AWS of the manifest's layers."""
    permissions: Sequence[Permissions]
    """All that the manifest says of who else may use versions."""
    users: Sequence[LayerUser] | None
    """None where they may not be listed."""
    policy_of: Callable[[str, int], str | None]
    """Reads the policy of a version, empty for none; gives None where AWS withholds it."""
    versions_of: Callable[[str], Sequence[VersionSummary] | None]
    """Lists the versions of a layer that may be anybody's, newest first; None where AWS withholds it."""

    def find(self) -> list[Orphan]:
        """Find what has this owner's stamp and none of these names. Raises AwsError.

        One call lists all layers of the region with the newest version of each. A layer whose newest
        version with a stamp is another owner's is that one's now; which that is takes a call more
        where the newest of all has none.
        """
        found = sorted(self.region.catalog.layers().items())
        asked = [
            (name, newest.stamp)
            for name, newest in found
            if name not in self.names and (newest.stamp is None or self._owns(newest))
        ]

        def listed(one: tuple[str, Stamp | None]) -> Sequence[VersionSummary]:
            name, stamp = one
            return self.region.catalog.versions(name) if stamp else self.versions_of(name) or ()

        several = zip(asked, parallel.each(listed, asked, _AT_ONCE), strict=True)
        return [
            self._orphan(name, versions)
            for (name, _), versions in several
            if (newest := newest_stamped(versions)) and self._owns(newest)
        ]

    def _owns(self, version: VersionSummary) -> bool:
        return version.stamp is not None and version.stamp.owner == self.owner

    def _orphan(self, name: str, versions: Sequence[VersionSummary]) -> Orphan:
        own = [version for version in versions if self._owns(version)]
        above = tuple(version.number for version in versions if version.number > own[0].number)
        used = None if self.users is None else reasons_of_users(self.users)

        def look(version: VersionSummary) -> OrphanVersion:
            return OrphanVersion(
                version=version,
                used=None if used is None else used.get(version.arn, ""),
                let_in=judged(version, self.policy_of(name, version.number), self.permissions),
            )

        seen = tuple(parallel.each(look, own, _AT_ONCE))
        return Orphan(name=name, owner=self.owner, versions=seen, above=above)


def judged(
    version: VersionSummary, policy: str | None, permissions: Sequence[Permissions]
) -> LetIn | None:
    """Say what is to become of those whom the policy of a version lets in; None where it is not known."""
    if policy is None:
        return None
    return let_in(policy, LayerVersionArn.parse(version.arn).account, permissions)


def orphan_data(orphans: Sequence[Orphan]) -> list[Mapping[str, object]]:
    """Render as JSON-ready data."""
    return [
        {
            "name": orphan.name,
            "owner": orphan.owner,
            "versions": [_version_data(one) for one in orphan.versions],
        }
        for orphan in orphans
    ]


def _version_data(one: OrphanVersion) -> Mapping[str, object]:
    return {
        "version": one.version.number,
        "arn": one.version.arn,
        "created": one.version.created,
        "commit": one.version.stamp.commit if one.version.stamp else None,
        "used": one.used,
        "shared": list(one.let_in.names) if one.let_in else None,
        "revokes": list(one.loses),
        "stays": one.stays,
        "kept": one.kept or None,
        "deleted": one.deleted,
        "removed": one.removed or None,
    }


def orphan_lines(orphans: Sequence[Orphan], region: str) -> list[str]:
    """Say it in lines: one for each layer, and one of what `--orphans` would do with it."""
    lines = []
    for orphan in orphans:
        lines.append(
            f"orphan {orphan.name} in {region}, which no layer of the manifest is called any more: "
            + ", ".join(_said(one) for one in orphan.versions)
            + "".join(f"; version {n} has no stamp, and is nobody's" for n in orphan.above)
        )
        if not orphan.retired:
            lines.append(f"with --orphans, of {orphan.name} in {region}: {_prospect(orphan)}")
    if orphans:
        lines.append(
            f"orphans in {region} are known by their owner, {orphans[0].owner}: a layer of another"
            " manifest with that owner is taken for one"
        )
    return lines


def _said(one: OrphanVersion) -> str:
    shared = ", ".join(one.let_in.names) if one.let_in else ""
    facts = [one.used if one.used is not None else "who uses it is not known"]
    facts += [f"shared with {shared}" if shared else ""]
    if one.deleted:
        facts = ["deleted"]
    elif one.kept:
        facts = [one.kept, *(f"no longer for {name}" for name in one.loses)]
    known = "; ".join(filter(None, facts))
    return f"version {one.version.number}" + (f" ({known})" if known else "")


def _prospect(orphan: Orphan) -> str:
    parts = [
        f"version {one.version.number} would be usable no longer for {', '.join(one.loses)}"
        for one in orphan.versions
        if one.loses
    ]
    if going := [str(one.version.number) for one in orphan.versions if not one.stays]:
        parts.append(
            f"{'versions' if going[1:] else 'version'} {', '.join(going)} would be deleted"
        )
    parts += [
        f"version {one.version.number} would stay: {one.stays}"
        for one in orphan.versions
        if one.stays
    ]
    return "; ".join(parts)
