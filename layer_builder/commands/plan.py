"""`plan`: resolves all layers and tells the versions; builds nothing."""

from collections.abc import Sequence
from functools import partial

from layer_builder import parallel
from layer_builder.commands import load
from layer_builder.commands.context import Context
from layer_builder.outcome import Outcome
from layer_builder.resolve import LayerGroup, Lockfile, Resolved, group_layers, resolve_group
from layer_builder.timing import Clock


def plan(outcome: Outcome, context: Context) -> None:
    """Resolve all layers, tell the versions, build nothing."""
    groups = group_layers(
        load.requests(outcome, context.workspace, context.installer, context.reporter), outcome.ties
    )
    for resolved in resolve(
        groups, context, load.lock_of(outcome.inputs, context.workspace)
    ).values():
        layer = resolved.request.layer
        lines = [f"{name} {version}" for name, version in resolved.own.versions.items()]
        if not resolved.request.requirements.lines:
            lines = [f"{len(resolved.request.files.files)} files of the workspace"]
        above = f", on top of {', '.join(layer.requires)}" if layer.requires else ""
        context.reporter.step(
            layer.title, f"{layer.name} for {layer.target.label}{above}: {', '.join(lines)}"
        )


def resolve(
    groups: Sequence[LayerGroup], context: Context, locked: Lockfile | None
) -> dict[str, Resolved]:
    """Resolve families, by layer id."""

    def resolve(group: LayerGroup) -> dict[str, Resolved]:
        clock = Clock(partial(context.reporter.progress, " ".join(group.keys)))
        with clock.step("resolve"):
            resolved = resolve_group(group, context.installer, locked)
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
