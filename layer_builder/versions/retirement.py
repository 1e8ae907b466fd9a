"""The end of orphans: what is about to happen is said, then it is done, then the objects go."""

from collections.abc import Sequence
from dataclasses import replace

from layer_builder.aws import Region
from layer_builder.console import Reporter
from layer_builder.errors import Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Permissions
from layer_builder.publish import Objects
from layer_builder.versions.orphans import Orphan, OrphanVersion, judged


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
    ends = [
        _Retirement(
            region=region, orphan=orphan, permissions=permissions, reporter=reporter
        ).looked_at()
        for orphan in orphans
    ]
    if announced := _announcement([end.orphan for end in ends], region.name):
        reporter.step("orphan", "\n".join(announced))
    return [end.do() for end in ends]


@dataclass(frozen=True, kw_only=True)
class _Retirement:
    """The end of one layer in one region."""

    region: Region
    orphan: Orphan
    permissions: Sequence[Permissions]
    reporter: Reporter

    def looked_at(self) -> "_Retirement":
        """Decide on each version."""
        versions = tuple(self._again(one) for one in self.orphan.versions)
        return replace(self, orphan=replace(self.orphan, versions=versions))

    def do(self) -> Orphan:
        """Delete what goes, the oldest first, and then the objects that it referred to."""
        region, name = self.region, self.orphan.name
        versions = self.orphan.versions[::-1]
        objects = Objects(region=region, name=name, reporter=self.reporter)
        referred = objects.of(one.version for one in versions if not one.kept)
        gone: dict[str, OrphanVersion] = {}
        removed: tuple[str, ...] = ()
        try:
            for one in versions:
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
        done = (gone.get(one.version.arn, one) for one in versions)
        ended = [replace(one, removed=addresses.get(one.version.arn, "")) for one in done]
        return replace(self.orphan, versions=tuple(ended[::-1]), retired=True)

    def _again(self, one: OrphanVersion) -> OrphanVersion:
        """Look once more who is let in: somebody may have been, since it was listed."""
        policy = self.region.policies.read(self.orphan.name, one.version.number)
        again = replace(one, let_in=judged(one.version, policy, self.permissions))
        return replace(again, kept=again.stays)

    def _withdraw(self, one: OrphanVersion) -> None:
        for statement in one.let_in.ends if one.let_in else ():
            self.region.policies.revoke(self.orphan.name, one.version.number, statement)
        if one.loses:
            who = ", ".join(f"no longer for {name}" for name in one.loses)
            self._tell(f"{one.version.arn}: usable {who}")

    def _tell(self, text: str) -> None:
        self.reporter.step("orphan", text)


def _announcement(orphans: Sequence[Orphan], region: str) -> list[str]:
    """Say what is about to happen, before it does; nothing where nothing is.

    All that tells whose a version is, is its owner: two manifests with one are not told apart.
    """
    touched = [o for o in orphans if any(one.loses or not one.kept for one in o.versions)]
    if not touched:
        return []
    going = [one for orphan in touched for one in orphan.versions if not one.kept]
    losing = [one for orphan in touched for one in orphan.versions if one.loses]
    counts = [f"{_counted(len(going), 'version')} deleted"] if going else []
    counts += [f"{_counted(len(losing), 'version')} taken from others"] if losing else []
    layers = _counted(len(touched), "layer")
    return [
        f"of the owner {orphans[0].owner}, and of no layer of this manifest, in {region}:"
        f" {' and '.join(counts)} now, of {layers}",
        *(f"    {orphan.name}: {_touched(orphan)}" for orphan in touched),
    ]


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _touched(orphan: Orphan) -> str:
    """Say what becomes of a layer, and when its newest version came from which commit."""
    going = [str(one.version.number) for one in orphan.versions if not one.kept]
    parts = [f"deleted: {', '.join(going)}"] if going else []
    parts += [
        f"{one.version.number} no longer for {', '.join(one.loses)}"
        for one in orphan.versions
        if one.loses
    ]
    newest = orphan.versions[0].version
    commit = newest.stamp.commit if newest.stamp else "-"
    came = f" from commit {commit}" if commit != "-" else ""
    parts.append(
        f"the newest, {newest.number}, is of {newest.created[:10] or 'an unknown day'}{came}"
    )
    return "; ".join(parts)


def _foreign_object(name: str, arn: str, address: str) -> Problem:
    return Problem(
        message=f"the object of a deleted version stays in the bucket: {address}",
        details=(
            f"{arn} referred to it, and its key does not end in {name}/<sha256>.zip, as this program"
            " names objects",
        ),
        advice=("find out who put it there; if nobody needs it, remove it by hand",),
    )
