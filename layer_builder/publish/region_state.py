"""The state of a region before anything is written there: what it has, what it lacks."""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import assert_never

from layer_builder import parallel
from layer_builder.aws import PolicyChange, Region, policy_change
from layer_builder.errors import AwsError, LayerBuilderError
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Built, KnownLayer, LayerVersion, Releasable, VersionSummary
from layer_builder.publish.ownership import Listed, foreign_problem
from layer_builder.timing import now

AT_ONCE = 8
"""Layers of one region that are worked on at the same time."""


_FRESH_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class LayerState:
    """A layer, and what was there of it before anything was written."""

    built: Built | KnownLayer
    newest: LayerVersion | None
    seen: float
    """When, by the clock."""
    change: PolicyChange = field(default_factory=PolicyChange)
    """What the policy of the layer's version needs."""
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What its SSM parameters hold, by name; without those that do not exist."""
    withdrawn: tuple["Withdrawal", ...] = ()
    """What the policies of its other versions are to lose."""
    listed: Sequence[VersionSummary] | None = None
    """All versions, newest first, where they were listed and nothing is published after them."""

    @property
    def to_do(self) -> Built | LayerVersion | None:
        """The build that is to be published, or the version because of which it need not be."""
        if isinstance(self.built, KnownLayer) or (self.newest and self.newest.holds(self.built)):
            return self.newest
        return self.built

    @property
    def is_same(self) -> bool:
        """Whether publishing would change nothing."""
        return not isinstance(self.to_do, Built)

    @property
    def number(self) -> int:
        """The newest version's number, 0 for none."""
        return self.newest.version if self.newest else 0

    def lacking(self, arn: str, number: int) -> list[str]:
        """List the SSM parameters that are to be written for them to hold the ARN of this version."""
        names = self.built.parameters_of(number)
        return [name for name in names if self.parameters.get(name) != arn]

    @property
    def readable_parameters(self) -> list[str]:
        """List the parameters whose names are known before anything is published."""
        return self.built.parameters_of(self.number if self.is_same else 0)


@dataclass(frozen=True, kw_only=True)
class Withdrawal:
    """Statements of ours that the policy of an older version is to lose."""

    version: VersionSummary
    statements: tuple[str, ...]
    """Their ids."""


@dataclass(kw_only=True)
class RegionState:
    """What there is in a region, and what went wrong there."""

    region: Region
    items: Sequence[LayerState] = ()
    """Of every layer; nothing when a read failed."""
    seconds: float = 0.0
    error: LayerBuilderError | None = None

    @property
    def new(self) -> list[LayerState]:
        """What is to be published."""
        return [item for item in self.items if not item.is_same]

    def is_stale(self, item: LayerState) -> bool:
        """Tell whether to read again before writing: another run may have published meanwhile."""
        # Reading costs one of the 15 requests a second that AWS takes, so that a state that took
        # long to read stays fresh for longer:
        # https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
        return now() - item.seen > max(_FRESH_SECONDS, 2 * self.seconds)


def read(
    region: Region,
    layers: Sequence[Built | KnownLayer],
    held: Mapping[str, LayerBuilderError],
    listed: Listed,
) -> RegionState:
    """Read all that is to be known of the layers in a region, and check those that are new."""
    state = RegionState(region=region, error=held.get(region.name))
    if state.error:
        return state
    start = now()
    try:
        items = parallel.each(lambda layer: _item(region, layer, listed), layers, AT_ONCE)
        items = [_with_withdrawals(region, item, listed) for item in items]
        new = [item.to_do for item in items if isinstance(item.to_do, Built)]
        parallel.each(region.versions.check, new, AT_ONCE)
        state.items = _with_parameters(region, items)
    except LayerBuilderError as error:
        state.error = error
    state.seconds = now() - start
    return state


def reread(region: Region, item: LayerState) -> LayerState:
    """Read the newest version of a layer, and its policy, once more."""
    again = _item(region, item.built, Listed())
    return replace(again, parameters=item.parameters, withdrawn=item.withdrawn)


def _item(region: Region, built: Built | KnownLayer, listed: Listed) -> LayerState:
    item = LayerState(built=built, newest=None, seen=now())
    match built:
        case KnownLayer():
            versions = listed.versions[region.name, built.layer.name]
            item = replace(item, newest=LayerVersion.of(versions[0]), listed=versions)
        case Built():
            item = replace(item, newest=_newest(region, built))
        case _:
            assert_never(built)
    permissions = built.layer.delivery.permissions
    if permissions is None:
        return item
    # A new version has no policy: https://docs.aws.amazon.com/lambda/latest/dg/permissions-layer-cross-account.html
    read = region.policies.read
    policy = read(built.layer.name, item.number, built) if item.is_same else ""
    return replace(item, change=policy_change(permissions, policy))


def _with_withdrawals(region: Region, item: LayerState, listed: Listed) -> LayerState:
    """Find what others may no longer use among the versions that are not the one to be delivered.

    Who is taken out of `permissions:` is to have none of them; and a run that ended half-way leaves
    no mark, so that all are looked at, each time.
    """
    permissions, name = item.built.layer.delivery.permissions, item.built.layer.name
    if permissions is None:
        return item
    versions = item.listed or listed.versions.get((region.name, name))
    if versions is None:
        versions = region.catalog.versions(name)

    def look(version: VersionSummary) -> Withdrawal:
        policy = region.policies.read(name, version.number, item.built)
        return Withdrawal(version=version, statements=policy_change(permissions, policy).remove)

    delivered = item.number if item.is_same else 0
    others = [v for v in versions if v.number != delivered and _may_change(v, item.built)]
    found = parallel.each(look, sorted(others, key=lambda v: v.number), AT_ONCE)
    return replace(item, withdrawn=tuple(one for one in found if one.statements))


def _may_change(version: VersionSummary, built: Releasable) -> bool:
    """Tell whether the policy of a version is this manifest's: not where another owner made it."""
    owner = built.stamp.owner if built.stamp else ""
    return built.layer.adopt or version.stamp is None or version.stamp.owner == owner


def _newest(region: Region, built: Built) -> LayerVersion | None:
    """Read the newest version. Raises AwsError for one that another owner published meanwhile."""
    newest = region.versions.newest(built)
    if newest and built.stamp:
        problem = foreign_problem(built.layer, newest.arn, newest.stamp, built.stamp.owner)
        if problem:
            raise AwsError(problem)
    return newest


def _with_parameters(region: Region, items: Sequence[LayerState]) -> list[LayerState]:
    names = list(dict.fromkeys(name for item in items for name in item.readable_parameters))
    values = region.parameters.read(names) if names else {}
    return [
        replace(item, parameters={n: values[n] for n in item.readable_parameters if n in values})
        for item in items
    ]
