"""Compares the layers of a run, notes it and tells it; whatever cannot be read fails nothing."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from layer_builder import parallel
from layer_builder.changes import (
    Baseline,
    LayerChanges,
    LayerSnapshot,
    changes_lines,
    compare,
    read_baseline,
    read_snapshot,
)
from layer_builder.comparison.now import snapshot_of
from layer_builder.comparison.published import PublishedLayers
from layer_builder.console import Reporter
from layer_builder.errors import LayerBuilderError, ManifestError, Problem
from layer_builder.model import Layer
from layer_builder.outcome import Outcome

_AT_ONCE = 8


def compare_layers(
    outcome: Outcome,
    there: PublishedLayers,
    reporter: Reporter,
    now: Mapping[str, LayerSnapshot] | None = None,
) -> None:
    """Compare with the newest versions in a region. `now` is by layer id, of what was not built."""

    def one(item: tuple[Layer, LayerSnapshot]) -> LayerChanges:
        layer, snapshot = item
        built = outcome.built.get(layer.id)
        try:
            was, unknown = there.find(layer, snapshot, built)
        except LayerBuilderError as error:
            first = error.problems[0]
            return compare(
                None, snapshot, layer.budget, [": ".join((first.message, *first.details))]
            )
        if built and was and was.parts is not None and was.sha256 != snapshot.sha256:
            # Both sides are measured in the same way.
            with built.archive.path.open("rb") as file:
                snapshot = replace(
                    snapshot, parts=read_snapshot(file, built.details.packages).parts
                )
        return compare(was, snapshot, layer.budget, unknown)

    items = _now(outcome, now)
    found = parallel.each(one, items, _AT_ONCE)
    outcome.compared = {layer.id: changes for (layer, _), changes in zip(items, found, strict=True)}
    _tell(outcome, reporter)


def compare_with_report(
    outcome: Outcome,
    load: Callable[[Path], str],
    reporter: Reporter,
    now: Mapping[str, LayerSnapshot] | None = None,
) -> None:
    """Compare with the report of an earlier run, that the inputs name."""
    baseline, why = _baseline(outcome.inputs.baseline, load)
    if why:
        advice = "the next run has one, when this one's report.json is kept as an artifact"
        reporter.warn(Problem(message=f"not compared: {why}", advice=(advice,)))
    step: Callable[[Layer, LayerSnapshot], LayerChanges] = partial(_with_baseline, baseline, why)
    outcome.compared = {layer.id: step(layer, snapshot) for layer, snapshot in _now(outcome, now)}
    _tell(outcome, reporter)


def _baseline(named: str, load: Callable[[Path], str]) -> tuple[Baseline | None, str]:
    """Read the baseline; else say why not."""
    try:
        return read_baseline(load(Path(named)), named), ""
    except FileNotFoundError:
        return None, f"there is no baseline at {named}"
    except (OSError, ValueError) as error:
        return None, f"the baseline {named} cannot be read: {error}"
    except ManifestError as error:
        return None, error.problems[0].message


def _with_baseline(
    baseline: Baseline | None, why: str, layer: Layer, now: LayerSnapshot
) -> LayerChanges:
    was = baseline.find(layer) if baseline else None
    return compare(was, now, layer.budget, [why] if why else [])


def _now(
    outcome: Outcome, planned: Mapping[str, LayerSnapshot] | None
) -> list[tuple[Layer, LayerSnapshot]]:
    if planned is not None:
        return [(layer, planned[layer.id]) for layer in outcome.layers if layer.id in planned]
    return [(found.layer, snapshot_of(outcome, found)) for found in outcome.built_or_known()]


def _tell(outcome: Outcome, reporter: Reporter) -> None:
    """Say what changed: two lines for each layer that did, one for the others together.

    Where there was nothing before, nothing is said.
    """
    if all(changes.is_new for changes in outcome.compared.values()):
        return
    same = [
        layer.title
        for layer in outcome.layers
        if layer.id in outcome.compared and outcome.compared[layer.id].is_same
    ]
    for layer in outcome.layers:
        changes = outcome.compared.get(layer.id)
        if changes and layer.title not in same:
            for line in changes_lines(changes):
                reporter.step(layer.title, line)
    if same:
        reporter.step("changes", f"none in {', '.join(same)}")
