"""The state of a region before anything is written there: what it has, what it lacks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from layer_builder import parallel
from layer_builder.aws import PolicyChange, Region, policy_change
from layer_builder.errors import AwsError, LayerBuilderError
from layer_builder.model import Built, KnownLayer, LayerVersion, VersionSummary
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

    def lacking(self, arn: str) -> list[str]:
        """List the SSM parameters that are to be written for them to hold this ARN."""
        return [name for name in self.built.parameters if self.parameters.get(name) != arn]


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
        new = [item.to_do for item in items if isinstance(item.to_do, Built)]
        parallel.each(region.versions.check, new, AT_ONCE)
        state.items = _with_parameters(region, items)
    except LayerBuilderError as error:
        state.error = error
    state.seconds = now() - start
    return state


def reread(region: Region, item: LayerState) -> LayerState:
    """Read the newest version of a layer, and its policy, once more."""
    return replace(_item(region, item.built, Listed()), parameters=item.parameters)


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


def _newest(region: Region, built: Built) -> LayerVersion | None:
    """Read the newest version. Raises AwsError for one that another owner published meanwhile."""
    newest = region.versions.newest(built)
    if newest and built.stamp:
        problem = foreign_problem(built.layer, newest.arn, newest.stamp, built.stamp.owner)
        if problem:
            raise AwsError(problem)
    return newest


def _with_parameters(region: Region, items: Sequence[LayerState]) -> list[LayerState]:
    names = [name for item in items for name in item.built.parameters]
    values = region.parameters.read(names) if names else {}
    return [
        replace(item, parameters={n: values[n] for n in item.built.parameters if n in values})
        for item in items
    ]
