"""Orphans: layer versions of this manifest's owner whose layer the manifest has no more.

A layer that was renamed or removed leaves its versions behind, and no publish looks at them again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from layer_builder import parallel
from layer_builder.aws import Region, grantee_name
from layer_builder.console import Reporter
from layer_builder.errors import Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import LayerUser, LayerVersionArn, Permissions, VersionSummary
from layer_builder.publish import LetIn, Objects, let_in, reasons_of_users

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
    versions: tuple[OrphanVersion, ...]
    """Newest first; those of this owner."""
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

    def find(self) -> list[Orphan]:
        """Find what has this owner's stamp and none of these names. Raises AwsError.

        One call lists all layers of the region with the newest version of each; a layer whose newest
        version is another owner's is that one's now.
        """
        found = self.region.catalog.layers()
        theirs = [
            name
            for name, newest in sorted(found.items())
            if name not in self.names and newest.stamp and newest.stamp.owner == self.owner
        ]
        return [self._orphan(name, self.region.catalog.versions(name)) for name in theirs]

    def _orphan(self, name: str, versions: Sequence[VersionSummary]) -> Orphan:
        own = [v for v in versions if v.stamp and v.stamp.owner == self.owner]
        used = None if self.users is None else reasons_of_users(self.users)

        def look(version: VersionSummary) -> OrphanVersion:
            return OrphanVersion(
                version=version,
                used=None if used is None else used.get(version.arn, ""),
                let_in=_judged(version, self.policy_of(name, version.number), self.permissions),
            )

        return Orphan(name=name, versions=tuple(parallel.each(look, own, _AT_ONCE)))


def _judged(
    version: VersionSummary, policy: str | None, permissions: Sequence[Permissions]
) -> LetIn | None:
    if policy is None:
        return None
    return let_in(policy, LayerVersionArn.parse(version.arn).account, permissions)


def retire_orphans(
    region: Region,
    orphans: Sequence[Orphan],
    permissions: Sequence[Permissions],
    reporter: Reporter,
) -> list[Orphan]:
    """Delete the versions of orphans that nobody uses and nobody else may use, with their objects.

    Whom the manifest does not name any more loses those that stay, too. Gives what came of it. Raises
    AwsError where AWS refuses; what was deleted before has been told.
    """
    return [
        _Retirement(region=region, orphan=orphan, permissions=permissions, reporter=reporter).do()
        for orphan in orphans
    ]


@dataclass(frozen=True, kw_only=True)
class _Retirement:
    """The end of one layer in one region."""

    region: Region
    orphan: Orphan
    permissions: Sequence[Permissions]
    reporter: Reporter

    def do(self) -> Orphan:
        """Delete what goes, the oldest first, and then the objects that it referred to."""
        region, name = self.region, self.orphan.name
        judged = [self._again(one) for one in self.orphan.versions[::-1]]
        objects = Objects(region=region, name=name, reporter=self.reporter)
        referred = objects.of(one.version for one in judged if not one.kept)
        gone: dict[str, OrphanVersion] = {}
        removed: tuple[str, ...] = ()
        try:
            for one in judged:
                self._withdraw(one)
                if not one.kept:
                    region.versions.delete_version(name, one.version.number)
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
        return replace(self.orphan, versions=tuple(ended[::-1]), retired=True)

    def _again(self, one: OrphanVersion) -> OrphanVersion:
        """Look once more who is let in: somebody may have been, since it was listed."""
        policy = self.region.policies.read(self.orphan.name, one.version.number)
        again = replace(one, let_in=_judged(one.version, policy, self.permissions))
        return replace(again, kept=again.stays)

    def _withdraw(self, one: OrphanVersion) -> None:
        for statement in one.let_in.ends if one.let_in else ():
            self.region.policies.revoke(self.orphan.name, one.version.number, statement)
        if one.loses:
            who = ", ".join(f"no longer for {name}" for name in one.loses)
            self._tell(f"{one.version.arn}: usable {who}")

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
        {"name": orphan.name, "versions": [_version_data(one) for one in orphan.versions]}
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
        )
        if not orphan.retired:
            lines.append(f"with --orphans, of {orphan.name} in {region}: {_prospect(orphan)}")
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
