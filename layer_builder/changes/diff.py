"""Compares two snapshots of a layer."""

from collections.abc import Iterable
from dataclasses import field, replace
from enum import StrEnum

from packaging.version import InvalidVersion, Version

from layer_builder.changes.snapshot import LayerPart, LayerSnapshot
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Budget, Limit


class PartChangeKind(StrEnum):
    """What became of a distribution."""

    ADDED = "added"
    REMOVED = "removed"
    UPGRADED = "upgraded"
    DOWNGRADED = "downgraded"
    RESIZED = "resized"
    """The same version, and other bytes of it."""


@dataclass(frozen=True, kw_only=True)
class PartChange:
    """A distribution that differs."""

    kind: PartChangeKind
    before: LayerPart | None = None
    after: LayerPart | None = None

    @property
    def name(self) -> str:
        """Of the distribution, normalised."""
        part = self.after or self.before
        return part.name if part else ""

    @property
    def growth(self) -> int | None:
        """Unzipped bytes more than before; None where they are not known."""
        sizes = [part.unzipped if part else 0 for part in (self.before, self.after)]
        before, after = sizes
        return None if before is None or after is None else after - before


@dataclass(frozen=True, kw_only=True)
class NearedLimit:
    """A limit of which a layer now takes the share from which it warns, and did not before."""

    limit: Limit
    before: int
    after: int


@dataclass(frozen=True, kw_only=True)
class WordsDiffer:
    """Runtimes, architectures or users: those that came, those that went."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.added or self.removed)

    def __str__(self) -> str:
        """Say it in a line: `+python3.13 -python3.12`."""
        return " ".join([*(f"+{one}" for one in self.added), *(f"-{one}" for one in self.removed)])


@dataclass(frozen=True, kw_only=True)
class LayerChanges:
    """A layer before and after; without a before it is new, or nobody could tell."""

    before: LayerSnapshot | None = None
    after: LayerSnapshot = field(default_factory=LayerSnapshot)
    unknown: tuple[str, ...] = ()
    """What could not be read, and why."""
    parts: tuple[PartChange, ...] = ()
    neared: tuple[NearedLimit, ...] = ()
    runtimes: WordsDiffer = field(default_factory=WordsDiffer)
    architectures: WordsDiffer = field(default_factory=WordsDiffer)
    permissions: WordsDiffer = field(default_factory=WordsDiffer)

    @property
    def is_new(self) -> bool:
        """Whether there was nothing before, for sure."""
        return self.before is None and not self.unknown

    @property
    def is_same(self) -> bool | None:
        """Whether it is what was there; None where nobody could tell."""
        before, after = self.before, self.after
        if before is None:
            return None if self.unknown else False
        if self.parts or self.runtimes or self.architectures or self.permissions:
            return False
        for old, new in ((before.sha256, after.sha256), (before.content, after.content)):
            if old and new:
                return old == new
        return None


def compare(
    before: LayerSnapshot | None,
    after: LayerSnapshot,
    budget: Budget,
    unknown: Iterable[str] = (),
) -> LayerChanges:
    """Compare a layer with what it was; `budget` says from which share of a limit it is near."""
    changes = LayerChanges(before=before, after=after, unknown=tuple(unknown))
    if before is None:
        return changes
    return replace(
        changes,
        parts=_parts(before, after),
        neared=_neared(before, after, budget),
        runtimes=_words(before.runtimes, after.runtimes),
        architectures=_words(before.architectures, after.architectures),
        permissions=_words(before.permissions, after.permissions),
    )


def _parts(before: LayerSnapshot, after: LayerSnapshot) -> tuple[PartChange, ...]:
    if before.parts is None or after.parts is None:
        return ()
    names = sorted(before.by_name.keys() | after.by_name.keys())
    pairs = [(before.by_name.get(name), after.by_name.get(name)) for name in names]
    found = [
        PartChange(kind=kind, before=old, after=new)
        for old, new in pairs
        if (kind := _kind(old, new))
    ]
    order = list(PartChangeKind)
    heavy = {change: -abs(change.growth or 0) for change in found}
    return tuple(sorted(found, key=lambda one: (order.index(one.kind), heavy[one], one.name)))


def _kind(old: LayerPart | None, new: LayerPart | None) -> PartChangeKind | None:
    if old is None or new is None:
        return PartChangeKind.ADDED if new else PartChangeKind.REMOVED
    if old.version != new.version:
        try:
            is_older = Version(new.version) < Version(old.version)
        except InvalidVersion:
            is_older = new.version < old.version
        return PartChangeKind.DOWNGRADED if is_older else PartChangeKind.UPGRADED
    known = old.unzipped is not None and new.unzipped is not None
    return PartChangeKind.RESIZED if known and old.unzipped != new.unzipped else None


def _neared(before: LayerSnapshot, after: LayerSnapshot, budget: Budget) -> tuple[NearedLimit, ...]:
    found = []
    for limit in budget.limits:
        old, new = (
            one.zip_bytes if limit.kind == "zip" else one.unzipped_bytes for one in (before, after)
        )
        near = limit.allowed * budget.warn_at
        if old is not None and new is not None and old < near <= new:
            found.append(NearedLimit(limit=limit, before=old, after=new))
    return tuple(found)


def _words(before: tuple[str, ...] | None, after: tuple[str, ...] | None) -> WordsDiffer:
    if before is None or after is None:
        return WordsDiffer()
    return WordsDiffer(
        added=tuple(one for one in after if one not in before),
        removed=tuple(one for one in before if one not in after),
    )
