"""Retention: which versions of a layer go, and why each of the others stays.

A deleted version cannot be attached any more; functions that have it keep it until they are
updated: https://docs.aws.amazon.com/lambda/latest/api/API_DeleteLayerVersion.html
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from layer_builder.aws import grantee_name, policy_change, policy_outsiders
from layer_builder.errors import Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import (
    DEFAULT_WARN_AT,
    CodeStorage,
    DeletedVersion,
    KeptVersion,
    LayerUser,
    LayerVersionArn,
    Permissions,
    Retention,
    VersionSummary,
    gib,
)

_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What becomes of the versions of a layer that are older than the newest that stay."""

    goes: tuple[VersionSummary, ...] = ()
    """Oldest first."""
    stays: tuple[KeptVersion, ...] = ()
    """Oldest first."""

    def spared(self, reason: Callable[[VersionSummary], str]) -> "Plan":
        """Let stay, of what goes, each version that there is a reason for; empty is none."""
        reasons = {version.arn: why for version in self.goes if (why := reason(version))}
        stays = [*self.stays, *(KeptVersion(arn=arn, why=why) for arn, why in reasons.items())]
        return Plan(
            goes=tuple(version for version in self.goes if version.arn not in reasons),
            stays=tuple(sorted(stays, key=lambda kept: LayerVersionArn.parse(kept.arn).number)),
        )

    @property
    def retired(self) -> tuple[DeletedVersion, ...]:
        """What goes, as reports tell it."""
        return tuple(
            DeletedVersion(arn=version.arn, created=version.created) for version in self.goes
        )


def plan(
    rule: Retention,
    versions: Sequence[VersionSummary],
    today: datetime,
    coming: int = 0,
    not_ours: Callable[[VersionSummary], str] = lambda _: "",
) -> Plan:
    """Let go what is neither among our newest that stay nor young.

    `coming` versions are yet to be published, and count among the newest. `not_ours` says of a
    version why it is another's: it stays, and does not count. Who uses a version is left to
    `Plan.spared`.
    """
    newest_first = sorted(versions, key=lambda version: -version.number)
    ours = [version for version in newest_first if not not_ours(version)]
    staying = max(0, rule.versions - coming)
    older = (*ours[staying:], *(v for v in newest_first[staying:] if not_ours(v)))
    goes = tuple(sorted(older, key=lambda version: version.number))
    return Plan(goes=goes).spared(not_ours).spared(lambda version: _young(rule, version, today))


def _young(rule: Retention, version: VersionSummary, today: datetime) -> str:
    return younger(rule.days, version, today)


def younger(days: int, version: VersionSummary, today: datetime) -> str:
    """Say that a version is younger than so many days; empty where it is not."""
    if not days:
        return ""
    try:
        created = datetime.fromisoformat(version.created)
    except ValueError:
        return f"its date cannot be read: {version.created!r}"
    if created.tzinfo is None:
        created = created.replace(tzinfo=UTC)
    if today - created >= timedelta(days=days):
        return ""
    return f"younger than {days} days: of {created:%Y-%m-%d}"


def users(listed: Sequence[LayerUser]) -> Mapping[str, str]:
    """Say by the ARN of a layer version which functions have it, as a reason for it to stay.

    An alias leads to `$LATEST` or to published versions of its function, one or two of them, never
    to another alias; who lists both has all that aliases lead to:
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-aliases.html
    """
    names: dict[str, list[str]] = {}
    for user in sorted(listed, key=lambda user: user.order):
        name = f"{user.function}:{user.qualifier}" if user.is_published else user.function
        for arn in dict.fromkeys(user.layers):
            names.setdefault(arn, []).append(name)
    return {arn: f"used by {_some(several)}" for arn, several in names.items()}


def others(policy: str, account: str, *, by_us: bool = True) -> str:
    """Say whom the policy of a version of that account lets in, as a reason for it to stay.

    Without `by_us`, those whom `permissions:` lets in are no reason; others' statements always are.
    """
    outsiders = policy_outsiders(policy, account, by_us=by_us)
    return f"its policy lets others use it: {_some(outsiders)}" if outsiders else ""


@dataclass(frozen=True, kw_only=True)
class LetIn:
    """Whom the policy of an orphan lets in, and what becomes of that."""

    names: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    """Ids of our statements for those whom the manifest does not name any more."""
    stays: str = ""
    """Why the version stays; empty where no statement is left that is a reason."""


def let_in(policy: str, account: str, named: Sequence[Permissions]) -> LetIn:
    """Hold the policy of an orphan of that account against all `permissions:` of the manifest.

    A statement of ours ends where none of them names whom it lets in. Where everybody is, everybody
    is named; and where the manifest has no `permissions:` it does not say that anybody is not.
    """
    names = policy_outsiders(policy, account)
    unnamed = [set(policy_change(one, policy).remove) for one in named]
    if not unnamed or any(one.public for one in named):
        unnamed = [set()]
    ends = tuple(sorted(set.intersection(*unnamed)))
    gone = {grantee_name(statement) for statement in ends}
    theirs = set(policy_outsiders(policy, account, by_us=False))
    ours = [name for name in names if name not in theirs | gone]
    reasons = [others(policy, account, by_us=False)]
    if ours and named:
        reasons.append(f"the manifest still shares layers with {_some(ours)}")
    elif ours:
        reasons.append(
            f"it is shared with {_some(ours)}, and the manifest says nothing of that:"
            " permissions: {} takes it back"
        )
    return LetIn(names=tuple(names), ends=ends, stays="; ".join(filter(None, reasons)))


def near_the_limit(
    region: str, storage: CodeStorage, above: float = DEFAULT_WARN_AT
) -> Problem | None:
    """Warn where the code storage of a region is nearly full."""
    if storage.share < above:
        return None
    left = max(0, storage.allowed - storage.used)
    return Problem(
        message=f"code storage in {region}: {gib(storage.used)} used, {storage.share:.0%} of"
        f" {gib(storage.allowed)}; {gib(left)} left for all functions and layers",
        advice=("retain: 5 in the manifest deletes older layer versions that nobody uses",),
    )


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
