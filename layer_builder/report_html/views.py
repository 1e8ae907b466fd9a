"""What the page shows of layers and functions besides the figures of the report."""

from collections.abc import Iterable, Sequence
from typing import Any

from layer_builder.forecast import LayerEstimate, open_lines
from layer_builder.inputs import Command
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Action, Built, KnownLayer, LimitReading, StackWeight
from layer_builder.outcome import Outcome
from layer_builder.plain_text import bytecode_line, licence_line, proof_line
from layer_builder.report_html.file_tree import FileTree, Kind, file_tree
from layer_builder.report_html.treemap import Rectangle, lay_out
from layer_builder.report_json import action_of

REST = "workspace and other files"
"""What files of no distribution are told as."""


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """A limit, and how much of it is used."""

    kind: str
    used: tuple[str | int, ...]
    """What leads to the bytes that are used, in the report."""
    reading: LimitReading
    warn_at: float

    @property
    def width(self) -> float:
        """Of its bar, in percent."""
        return round(min(100.0, self.reading.share * 100), 1)

    @property
    def state(self) -> str:
        """How it stands to its limit."""
        if self.reading.is_over:
            return "over"
        return "near" if self.reading.share >= self.warn_at else "good"


@dataclass(frozen=True, kw_only=True)
class LayerView:
    """A layer of the page; `at` is its number among the report's layers or estimates."""

    at: int
    key: str
    title: str
    anchor: str
    gauges: tuple[Gauge, ...] = ()
    action: str = ""
    lines: tuple[str, ...] = ()
    sha256: str = ""
    same_as: str = ""
    """The title of the layer whose map is shown in its place."""
    is_known: bool = False
    tree: FileTree | None = None
    map: tuple[Rectangle, ...] = ()
    kinds: tuple[tuple[str, int], ...] = ()
    """Bytes of the map by kind, those in the zip first."""


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A part of a function's stack."""

    name: str
    width: float
    """In percent of the bar."""
    number: int
    """Of its colour."""
    used: tuple[str | int, ...]


def layer_views(outcome: Outcome, most: int) -> list[LayerView]:
    """Show the layers that were built or are known; their maps share `most` blocks."""
    found = outcome.built_or_known()
    titles = {one.layer.id: one.layer.title for one in found}
    drawn = [one for one in found if isinstance(one, Built) and not _twin(one, titles)]
    each = most // max(1, len(drawn))
    return [
        _built(outcome, number, one, each, _twin(one, titles))
        if isinstance(one, Built)
        else _known(outcome, number, one)
        for number, one in enumerate(found)
    ]


def _twin(built: Built, titles: dict[str, str]) -> str:
    return titles.get(built.same_as or "", "")


def _built(outcome: Outcome, number: int, built: Built, most: int, same_as: str) -> LayerView:
    layer, details = built.layer, built.details
    tree = None
    if not same_as and (files := outcome.files.get(layer.id)):
        tree = file_tree(files, details.pruned_parts, most, REST)
    lines = [proof_line(built), bytecode_line(built)]
    lines.append(licence_line(built, outcome.sboms.get(layer.id)))
    lines += [details.services.line] if details.services else []
    return LayerView(
        at=number,
        key=layer.key,
        title=layer.title,
        anchor=f"layer-{number}",
        gauges=_gauges("layers", number, built.readings, layer.budget.warn_at),
        action=_action(outcome, built),
        lines=tuple(f"{line[0].upper()}{line[1:]}." for line in lines),
        sha256=built.archive.sha256,
        same_as=same_as,
        tree=tree,
        map=lay_out(tree.root.shown) if tree else (),
        kinds=_kinds(tree) if tree else (),
    )


def _known(outcome: Outcome, number: int, known: KnownLayer) -> LayerView:
    return LayerView(
        at=number,
        key=known.layer.key,
        title=known.layer.title,
        anchor=f"layer-{number}",
        action=str(action_of(outcome, known.layer)),
        is_known=True,
    )


def _action(outcome: Outcome, built: Built) -> str:
    action, inputs = action_of(outcome, built.layer), outcome.inputs
    if action is Action.BUILT and inputs.command in {Command.PUBLISH, Command.PROMOTE}:
        return "would be published" if inputs.dry_run else "not published"
    return str(action)


def estimate_views(outcome: Outcome) -> list[LayerView]:
    """Show what layers will weigh."""
    found = (outcome.estimates.get(layer.id) for layer in outcome.layers)
    return [_estimate(number, one) for number, one in enumerate(filter(None, found))]


def _estimate(number: int, estimate: LayerEstimate) -> LayerView:
    layer = estimate.layer
    return LayerView(
        at=number,
        key=layer.key,
        title=layer.title,
        anchor=f"estimate-{number}",
        gauges=_gauges("estimates", number, estimate.readings, layer.budget.warn_at),
        lines=tuple(open_lines(estimate)),
    )


def _gauges(
    among: str, number: int, readings: Iterable[LimitReading], warn_at: float
) -> tuple[Gauge, ...]:
    return tuple(
        Gauge(
            kind=reading.limit.kind,
            used=(among, number, f"{reading.limit.kind}_bytes"),
            reading=reading,
            warn_at=warn_at,
        )
        for reading in readings
    )


def _kinds(tree: FileTree) -> tuple[tuple[str, int], ...]:
    """Add up a tree by kind."""
    sums: dict[Kind, int] = {}
    queue = [tree.root]
    while queue:
        block = queue.pop()
        below = sum(one.size for one in block.inside.values())
        if block.size > below and block.kind is not Kind.FOLDER:
            sums[block.kind] = sums.get(block.kind, 0) + block.size - below
        queue += block.inside.values()
    order = [kind for kind in Kind if kind is not Kind.PRUNED]
    named = [(str(kind), sums[kind]) for kind in order if kind in sums]
    named.sort(key=lambda one: -one[1])
    pruned = [(str(Kind.PRUNED), sums[Kind.PRUNED])] if Kind.PRUNED in sums else []
    return (*named, *pruned)


def segments(
    weight: StackWeight, number: int, function: dict[str, Any]
) -> tuple[list[Segment], Gauge]:
    """Show a function's stack against its limit."""
    whole = max(weight.used, weight.reading.limit.allowed)
    parts: list[tuple[str, int, tuple[str | int, ...]]] = [
        (key, size, ("shares", key)) for key, size in weight.shares.items()
    ]
    parts += [
        (str(one["arn"]), one["unzipped_bytes"], ("external", index, "unzipped_bytes"))
        for index, one in enumerate(function["external"])
    ]
    if weight.stack.reserve:
        parts.append(("reserved for code", weight.stack.reserve, ("reserve",)))
    shown = [
        Segment(
            name=name,
            width=round(100 * size / whole, 2),
            number=index % 8,
            used=("functions", number, *steps),
        )
        for index, (name, size, steps) in enumerate(parts)
    ]
    gauge = Gauge(
        kind="unzipped",
        used=("functions", number, "unzipped_bytes"),
        reading=weight.reading,
        warn_at=_warns(weight),
    )
    return shown, gauge


def _warns(weight: StackWeight) -> float:
    budgets: Sequence[float] = [layer.budget.warn_at for layer in weight.stack.layers]
    return min(budgets, default=1.0)
