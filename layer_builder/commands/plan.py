"""`plan`: resolves all layers and tells the versions; builds nothing."""

from collections.abc import Sequence
from functools import partial

from layer_builder import parallel
from layer_builder.commands import load
from layer_builder.commands.context import World
from layer_builder.outcome import Outcome
from layer_builder.resolve import resolver
from layer_builder.resolve.groups import Family, families
from layer_builder.resolve.lockfile import Lockfile
from layer_builder.resolve.resolver import Resolved
from layer_builder.timing import Clock


def plan(outcome: Outcome, world: World) -> None:
    """Resolve all layers, tell the versions, build nothing."""
    found = families(
        load.orders(outcome, world.workspace, world.installer, world.voice), outcome.ties
    )
    for resolved in resolve(found, world, load.lock_of(outcome.inputs)).values():
        layer = resolved.order.layer
        lines = [f"{name} {version}" for name, version in resolved.own.versions.items()]
        if not resolved.order.requirements.lines:
            lines = [f"{len(resolved.order.files.files)} files of the workspace"]
        above = f", on top of {', '.join(layer.requires)}" if layer.requires else ""
        world.voice.step(
            layer.title, f"{layer.name} for {layer.target.label}{above}: {', '.join(lines)}"
        )


def resolve(found: Sequence[Family], world: World, locked: Lockfile | None) -> dict[str, Resolved]:
    """Resolve families, by layer id."""

    def resolve(family: Family) -> dict[str, Resolved]:
        clock = Clock(partial(world.voice.busy, " ".join(family.keys)))
        with clock.step("resolve"):
            resolved = resolver.resolve(family, world.installer, locked)
        for item in resolved.values():
            if item.order.requirements.lines:
                world.voice.step(
                    item.order.layer.title,
                    f"resolved {len(item.own.pins)} distributions for"
                    f" {item.order.layer.target.label} ({clock.seconds['resolve']:.1f} s)",
                )
        return resolved

    parts = parallel.each(resolve, found, world.workers)
    return {layer_id: resolved for part in parts for layer_id, resolved in part.items()}
