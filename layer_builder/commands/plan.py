"""`plan`: resolves all layers and tells the versions; builds nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from layer_builder import parallel
from layer_builder.commands import load
from layer_builder.commands.context import Context
from layer_builder.comparison import (
    PublishedLayers,
    compare_layers,
    compare_with_report,
    planned_snapshots,
)
from layer_builder.errors import LayerBuilderError, ManifestError, Problem, did_you_mean
from layer_builder.identity import Marks, resolved_contents
from layer_builder.model import Reference
from layer_builder.outcome import Outcome
from layer_builder.resolve import LayerGroup, Lockfile, Resolved, group_layers, resolve_group
from layer_builder.timing import Clock


def plan(outcome: Outcome, context: Context) -> None:
    """Resolve all layers, tell the versions, build nothing."""
    groups = group_layers(
        load.requests(outcome, context.workspace, context.installer, context.reporter), outcome.ties
    )
    found = resolve(groups, context, load.lock_of(outcome.inputs, context.workspace))
    refuse_unknown_names(found, outcome)
    for resolved in found.values():
        layer = resolved.request.layer
        lines = [f"{name} {version}" for name, version in resolved.own.versions.items()]
        if not resolved.request.requirements.lines:
            lines = [f"{len(resolved.request.files.files)} files of the workspace"]
        above = f", on top of {', '.join(layer.requires)}" if layer.requires else ""
        context.reporter.step(
            layer.title, f"{layer.name} for {layer.target.label}{above}: {', '.join(lines)}"
        )
    _compare(found, outcome, context)


def _compare(found: Mapping[str, Resolved], outcome: Outcome, context: Context) -> None:
    """Say what would change, against a baseline, or what a region has that the inputs name."""
    inputs, contents = outcome.inputs, resolved_contents(found, outcome.ties)
    marks = Marks(layers=outcome.layers, contents=contents, stacks=(), ties=outcome.ties)
    outcome.contents = marks.by_layer(found)
    now = planned_snapshots(outcome, {layer_id: item.own.pins for layer_id, item in found.items()})
    if inputs.baseline:
        compare_with_report(outcome, context.workspace.load_named, context.reporter, now)
    elif inputs.regions and not inputs.sandbox:
        try:
            region = context.connect(inputs.regions[0])
        except LayerBuilderError as error:
            context.reporter.warn(_not_compared(error.problems[0]))
            return
        there = PublishedLayers(
            region=region,
            newest=lambda name: next(iter(region.catalog.versions(name)), None),
            zips=context.zips,
        )
        compare_layers(outcome, there, context.reporter, now)


def _not_compared(problem: Problem) -> Problem:
    return replace(problem, message=f"not compared: {problem.message}")


def refuse_unknown_names(found: Mapping[str, Resolved], outcome: Outcome) -> None:
    """Raise ManifestError for names of `allow-failing` that no layer has which they are said for.

    Of a selection of layers nobody can tell: one that was left out may have it.
    """
    if outcome.inputs.layers:
        return
    known: dict[Reference, set[str]] = {}
    for resolved in found.values():
        for reference in resolved.request.layer.allow_failing:
            known.setdefault(reference, set()).update(resolved.own.versions)
    layers = outcome.manifest.layers if outcome.manifest else ()
    elsewhere = {name for one in layers if one.id not in found for name in one.allow_failing}
    problems = [
        Problem(
            message=f"allow-failing: no distribution {reference.text!r} in the layer",
            place=reference.place,
            advice=did_you_mean(reference.text, names),
        )
        for reference, names in known.items()
        if reference.text not in names and reference not in elsewhere
    ]
    if problems:
        raise ManifestError(*problems)


def resolve(
    groups: Sequence[LayerGroup], context: Context, locked: Lockfile | None
) -> dict[str, Resolved]:
    """Resolve families, by layer id."""

    def resolve(group: LayerGroup) -> dict[str, Resolved]:
        clock = Clock(partial(context.reporter.progress, " ".join(group.keys)))
        with clock.step("resolve"):
            resolved = resolve_group(group, context.installer, locked)
        for warning in group.taken_twice({key: item.own for key, item in resolved.items()}):
            context.reporter.warn(warning)
        for item in resolved.values():
            if item.request.requirements.lines:
                context.reporter.step(
                    item.request.layer.title,
                    f"resolved {len(item.own.pins)} distributions for"
                    f" {item.request.layer.target.label} ({clock.seconds['resolve']:.1f} s)",
                )
        return resolved

    parts = parallel.each(resolve, groups, context.workers)
    return {layer_id: resolved for part in parts for layer_id, resolved in part.items()}
