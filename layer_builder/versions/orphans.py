"""Orphans: layer versions of this manifest's owner whose layer the manifest has no more.

A layer that was renamed or removed leaves its versions behind, and no publish looks at them again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from layer_builder.aws import Region
from layer_builder.console import Reporter
from layer_builder.errors import Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import LayerUser, LayerVersionArn, VersionSummary
from layer_builder.publish import Objects, reason_of_others, reasons_of_users


@dataclass(frozen=True, kw_only=True)
class OrphanVersion:
    """A version that no layer of the manifest has."""

    version: VersionSummary
    used: str | None = ""
    """Who uses it; empty for nobody, None where that is not known."""
    kept: str = ""
    """Why it stayed when orphans were to go."""
    deleted: bool = False
    removed: str = ""
    """The address of the object that went with it."""


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


def retire_orphans(region: Region, orphans: Sequence[Orphan], reporter: Reporter) -> list[Orphan]:
    """Delete the versions of orphans that nobody uses and nobody else may use, with their objects.

    Gives what came of it. Raises AwsError where AWS refuses; what was deleted before has been told.
    """
    return [_Retirement(region=region, orphan=orphan, reporter=reporter).do() for orphan in orphans]


@dataclass(frozen=True, kw_only=True)
class _Retirement:
    """The end of one layer in one region."""

    region: Region
    orphan: Orphan
    reporter: Reporter

    def do(self) -> Orphan:
        """Delete what goes, the oldest first, and then the objects that it referred to."""
        name, oldest_first = self.orphan.name, self.orphan.versions[::-1]
        judged = [self._judged(one) for one in oldest_first]
        objects = Objects(region=self.region, name=name, reporter=self.reporter)
        referred = objects.of(one.version for one in judged if not one.kept)
        gone: dict[str, OrphanVersion] = {}
        removed: tuple[str, ...] = ()
        try:
            for one in judged:
                if not one.kept:
                    self.region.versions.delete_version(name, one.version.number)
                    gone[one.version.arn] = replace(one, deleted=True)
                self._tell(f"{one.version.arn} {f'stays: {one.kept}' if one.kept else 'deleted'}")
        finally:
            left = {arn: stored for arn, stored in referred.ours.items() if arn in gone}
            if left:
                removed = objects.discard(left)
            for address in removed:
                self._tell(f"removed {address}")
            others = {arn: at for arn, at in referred.others.items() if arn in gone}
            for arn, stored in others.items():
                self.reporter.warn(_foreign_object(name, arn, str(stored)))
        addresses = {arn: str(stored) for arn, stored in left.items() if str(stored) in removed}
        done = (gone.get(one.version.arn, one) for one in judged)
        ended = [replace(one, removed=addresses.get(one.version.arn, "")) for one in done]
        return replace(self.orphan, versions=tuple(ended[::-1]))

    def _judged(self, one: OrphanVersion) -> OrphanVersion:
        why = "who uses it is not known" if one.used is None else one.used
        if not why:
            policy = self.region.policies.read(self.orphan.name, one.version.number)
            why = reason_of_others(policy, LayerVersionArn.parse(one.version.arn).account)
        return replace(one, kept=why)

    def _tell(self, text: str) -> None:
        self.reporter.step("orphan", text)


def _foreign_object(name: str, arn: str, address: str) -> Problem:
    return Problem(
        message=f"the object of a deleted version stays in the bucket: {address}",
        details=(
            f"{arn} referred to it, and its key does not end in {name}/<sha256>.zip, as this program"
            " names objects",
        ),
        advice=("find out who put it there; if nobody needs it, remove it by hand",),
    )


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
                    "removed": one.removed or None,
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
