"""The attachment: the layers a function has, those it is to have, and what changes in between."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import field
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from layer_builder.attach.serving import ServingPlan
from layer_builder.attach.sizes import FunctionSize
from layer_builder.errors import Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import LAYERS_PER_FUNCTION, Stack, layer_arn_of


class ChangeKind(StrEnum):
    """What becomes of one layer of a function."""

    FOREIGN = "foreign"
    """Not of this manifest: it stays as it is, where it is."""
    KEPT = "kept"
    """The function has this version already, where it is to be."""
    MOVED = "moved"
    """The same version, in another place."""
    REPLACED = "replaced"
    """Another version of the same layer."""
    ADDED = "added"
    REMOVED = "removed"
    """Of this manifest, and no longer in the function's list there."""


@dataclass(frozen=True, kw_only=True)
class LayerChange:
    """One layer before and after, by the ARNs of its versions; None where it is not there."""

    kind: ChangeKind
    before: str | None = None
    after: str | None = None

    def __str__(self) -> str:
        """Say it in a line: `replaced arn:…:core:3 → 4`."""
        match self.before, self.after:
            case str(before), str(after) if before != after:
                return f"{self.kind} {before} → {after.rpartition(':')[2]}"
            case before, after:
                return f"{self.kind} {after or before}"


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A function's layers before and after, as ARNs of layer versions in their order."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    changes: tuple[LayerChange, ...]
    """Those of `after` in their order, then those that go."""

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to write."""
        return self.before != self.after

    def diff(self) -> list[str]:
        """List the layers, marked as a diff marks lines: `- `, `+ ` and two blanks."""
        lines = []
        matcher = SequenceMatcher(None, self.before, self.after, autojunk=False)
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            if tag == "equal":
                lines += [f"  {arn}" for arn in self.before[i1:i2]]
                continue
            lines += [f"- {arn}" for arn in self.before[i1:i2]]
            lines += [f"+ {arn}" for arn in self.after[j1:j2]]
        return lines


def plan(before: Sequence[str], wanted: Sequence[str], ours: Collection[str]) -> Attachment:
    """Decide which layers a function is to have.

    `wanted` are layer versions in stack order; `ours` are the ARNs of the manifest's layers.
    Layers that are not ours keep their places; one that is wanted (`external:`) is there in the
    wanted version. Ours that are not wanted go. The places that ours have are filled with ours in
    stack order; what finds no place is added at the end.
    """
    versions = {layer_arn_of(arn): arn for arn in wanted}
    staying = _staying(before, versions, ours)
    after = _placed(staying, wanted, versions, ours)
    return Attachment(
        before=tuple(before),
        after=tuple(after),
        changes=_changes(before, staying, after, versions),
    )


def _staying(
    before: Sequence[str], versions: Mapping[str, str], ours: Collection[str]
) -> list[str]:
    """Leave out ours that are not wanted, and what is wanted from its second place on."""
    staying: list[str] = []
    for arn in before:
        layer = layer_arn_of(arn)
        is_repeated = layer in versions and layer in map(layer_arn_of, staying)
        is_unwanted = layer in ours and layer not in versions
        if not is_repeated and not is_unwanted:
            staying.append(arn)
    return staying


def _placed(
    staying: Sequence[str],
    wanted: Sequence[str],
    versions: Mapping[str, str],
    ours: Collection[str],
) -> list[str]:
    """Fill the places of ours with ours in stack order, then add what has no place."""
    there = set(map(layer_arn_of, staying))
    moving = [arn for arn in wanted if layer_arn_of(arn) in ours or layer_arn_of(arn) not in there]
    after = []
    for arn in staying:
        layer = layer_arn_of(arn)
        is_ours = layer in versions and layer in ours
        after.append(moving.pop(0) if is_ours else versions.get(layer, arn))
    return after + moving


def _changes(
    before: Sequence[str],
    staying: Sequence[str],
    after: Sequence[str],
    versions: Mapping[str, str],
) -> tuple[LayerChange, ...]:
    old = {layer_arn_of(arn): arn for arn in reversed(before)}
    places: list[str | None] = [*staying, *[None] * (len(after) - len(staying))]
    changes = [
        LayerChange(
            kind=_kind(arn, place, old, versions), before=old.get(layer_arn_of(arn)), after=arn
        )
        for arn, place in zip(after, places, strict=True)
    ]
    remaining = set(map(layer_arn_of, after))
    gone = [arn for arn in before if layer_arn_of(arn) not in remaining]
    changes += [LayerChange(kind=ChangeKind.REMOVED, before=arn) for arn in gone]
    return tuple(changes)


def _kind(
    arn: str, place: str | None, old: Mapping[str, str], versions: Mapping[str, str]
) -> ChangeKind:
    """Name what happens to a layer; `place` is what stood where it is to stand."""
    layer = layer_arn_of(arn)
    if layer not in versions:
        return ChangeKind.FOREIGN
    if layer not in old:
        return ChangeKind.ADDED
    if arn != old[layer]:
        return ChangeKind.REPLACED
    return ChangeKind.KEPT if arn == place else ChangeKind.MOVED


def too_many(attachment: Attachment) -> Problem | None:
    """Say why AWS would not attach so many layers, if so."""
    if len(attachment.after) <= LAYERS_PER_FUNCTION:
        return None
    return Problem(
        message=f"it would have {len(attachment.after)} layers;"
        f" AWS attaches {LAYERS_PER_FUNCTION} at most",
        details=tuple(map(str, attachment.changes)),
        advice=("detach a foreign one, or join two layers of the manifest",),
    )


class Status(StrEnum):
    """What a run did with a function."""

    ATTACHED = "attached"
    UNCHANGED = "unchanged"
    PLANNED = "would change"
    """In a dry run."""
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class Attached:
    """A function in a region, and what a run did with its layers."""

    stack: Stack
    region: str
    status: Status
    has: tuple[str, ...] | None = None
    """The ARNs of the layers that it has now; None when that is not known."""
    attachment: Attachment | None = None
    """None when it could not be planned."""
    forecast: FunctionSize | None = None
    """None when nothing was to be written."""
    serving: ServingPlan = field(default_factory=ServingPlan)
    """What was done for the callers of its versions and aliases."""
    warnings: tuple[Problem, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether something of it was behind."""
        return bool(self.attachment and self.attachment.is_needed) or self.serving.is_needed

    def change(self, *, is_dry: bool) -> dict[str, Any] | None:
        """Tell what was behind, for the output `changes`; of one that failed, what was written to it.

        None where nothing was, or where a run that writes did not get to it.
        """
        if not self.changes or not self.attachment:
            return None
        before = list(self.attachment.before)
        if self.status is Status.FAILED and not is_dry:
            has = before if self.has is None else list(self.has)
            return None if has == before else {"before": before, "after": has}
        change: dict[str, Any] = {"before": before, "after": list(self.attachment.after)}
        if alias := self.serving.before:
            after = self.serving.after
            change["alias"] = {
                "name": alias.name,
                "before": str(alias),
                "after": str(after) if after else None,
            }
        return change

    @property
    def title(self) -> str:
        """Name it in a log: `function api (shop-api) in eu-west-1`."""
        return function_title(self.stack, self.region)


def function_title(stack: Stack, region: str) -> str:
    """Name a function in a region."""
    return f"function {stack.key} ({stack.function_name}) in {region}"
