"""The story of a run: read, build, weigh, publish."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import assert_never

from layer_builder import (
    archive,
    attaching,
    batch,
    publishing,
    reading,
    resolving,
    stack,
    threads,
    weighing,
)
from layer_builder.building import Builder, Product, Voice
from layer_builder.clock import Clock
from layer_builder.errors import LimitError, ManifestError, Problem
from layer_builder.family import Family, families
from layer_builder.inputs import Command, Inputs
from layer_builder.lockfile import Lockfile
from layer_builder.order import Order
from layer_builder.outcome import Outcome
from layer_builder.resolving import Resolved
from layer_builder.shelf import Shelf
from layer_builder.world import World


def run(inputs: Inputs, world: World, outcome: Outcome) -> None:
    """Do what the inputs ask for, and note in the outcome what was done.

    Raises LayerBuilderError with all that is wrong; the outcome then holds what was done before.
    """
    outcome.manifest = reading.read(inputs, world.workspace)
    _notice_runtimes(outcome, world.voice)
    match inputs.command:
        case Command.PLAN:
            _plan(outcome, world)
        case Command.BUILD:
            _build(outcome, world)
        case Command.PUBLISH:
            reading.regions(outcome, world.default_regions)
            regions = [world.connect(region) for region in outcome.regions]
            held = publishing.prepare(outcome, regions, world.voice)
            _build(outcome, world)
            publishing.publish(outcome, regions, world.voice, held)
        case Command.ATTACH:
            reading.regions(outcome, world.default_regions)
            attaching.attach(outcome, world)
        case _:
            assert_never(inputs.command)


def _plan(outcome: Outcome, world: World) -> None:
    """Resolve all layers, tell the versions, build nothing."""
    found = families(
        reading.orders(outcome, world.workspace, world.installer, world.voice), outcome.ties
    )
    for resolved in _resolve(found, world, reading.lock_of(outcome.inputs)).values():
        layer = resolved.order.layer
        lines = [f"{name} {version}" for name, version in resolved.own.versions.items()]
        if not resolved.order.recipe.requirements.lines:
            lines = [f"{len(resolved.order.files.files)} files of the workspace"]
        above = f", on top of {', '.join(layer.requires)}" if layer.requires else ""
        world.voice.step(
            layer.title, f"{layer.name} for {layer.target.label}{above}: {', '.join(lines)}"
        )


def _resolve(found: Sequence[Family], world: World, locked: Lockfile | None) -> dict[str, Resolved]:
    """Resolve families, by layer id."""

    def resolve(family: Family) -> dict[str, Resolved]:
        clock = Clock(partial(world.voice.busy, " ".join(family.keys)))
        with clock.step("resolve"):
            resolved = resolving.resolve(family, world.installer, locked)
        for item in resolved.values():
            if item.order.recipe.requirements.lines:
                world.voice.step(
                    item.order.layer.title,
                    f"resolved {len(item.own.pins)} distributions for"
                    f" {item.order.layer.target.label} ({clock.seconds['resolve']:.1f} s)",
                )
        return resolved

    parts = threads.each(resolve, found, world.workers)
    return {layer_id: resolved for part in parts for layer_id, resolved in part.items()}


def _build(outcome: Outcome, world: World) -> None:
    """Build all layers, equal ones once; weigh them and the stacks."""
    inputs = outcome.inputs
    shelf = Shelf(folder=Path(inputs.output_dir))
    builder = world.builder(shelf, inputs.command, through_s3=bool(inputs.s3_bucket))
    found = families(
        reading.orders(outcome, world.workspace, world.installer, world.voice), outcome.ties
    )
    locked = reading.lock_of(inputs)
    products: dict[str, Product] = {}
    left: list[Family] = []
    for family in found:
        # With a lock, resolving asks nobody, and tells whether what is there is what was locked.
        mine = [order for order in family.orders if order.layer in outcome.layers]
        may_take = inputs.command is Command.PUBLISH and not locked
        taken = _take_up(mine, builder) if may_take else None
        if taken is None:
            left.append(family)
        else:
            products |= taken
    try:
        batch.build(_resolve(left, world, locked), products, builder, outcome, world.workers)
    finally:
        shelf.sweep()
    _join_targets(outcome)
    _weigh(outcome, world.voice)


def _join_targets(outcome: Outcome) -> None:
    """Make one release of a layer whose targets share a name; they must share the content too."""
    problems = []
    for name, members in outcome.by_name().items():
        targets = tuple(sorted(built.layer.target for built in members))
        names = dict.fromkeys(built.layer.delivery.parameter for built in members)
        parameters = tuple(filter(None, names))
        for built in members:
            joined = replace(built, targets=targets, parameters=parameters)
            outcome.built[built.layer.id] = joined
        if len({built.archive.sha256 for built in members}) > 1:
            problems.append(
                Problem(
                    message=f"its targets {', '.join(t.label for t in targets)} have one name on"
                    f" AWS, {name!r}, and not the same content",
                    layer=members[0].layer.key,
                    place=members[0].layer.place,
                    details=tuple(
                        f"{built.layer.target.label}: sha256 {built.archive.sha256}"
                        for built in members
                    ),
                    advice=('tell them apart: name: "{layer}-{python}-{architecture}"',),
                )
            )
    if problems:
        raise ManifestError(*problems)


def _take_up(orders: Sequence[Order], builder: Builder) -> dict[str, Product] | None:
    """Take up a whole family that `build` left: none of it may need another resolution."""
    found: dict[str, Product] = {}
    for order in orders:
        product = builder.take_up(order)
        if product is None:
            return None
        found[order.layer.id] = product
    return found


def _weigh(outcome: Outcome, voice: Voice) -> None:
    """Raise for every layer and stack over a limit; warn for those near one."""
    problems = [problem for built in outcome.built.values() for problem in weighing.over(built)]
    outcome.stacks = [stack.weigh(item, outcome.built) for item in outcome.functions]
    problems += [problem for item in outcome.stacks if (problem := item.problem())]
    _refuse_collisions(outcome)
    for built in outcome.built.values():
        for warning in weighing.near(built):
            voice.warn(warning)
    if problems:
        raise LimitError(*problems)


def _refuse_collisions(outcome: Outcome) -> None:
    stacks = [item for item in outcome.functions if len(item.layers) > 1]
    ids = {layer.id for item in stacks for layer in item.layers}
    contents = {
        layer_id: archive.checksums(outcome.built[layer_id].archive.path) for layer_id in ids
    }
    clashes = [problem for item in stacks for problem in stack.collisions(item, contents)]
    if clashes:
        raise ManifestError(*clashes)


def _notice_runtimes(outcome: Outcome, voice: Voice) -> None:
    notices = {layer.target.notice: layer.place for layer in reversed(outcome.layers)}
    for notice, place in notices.items():
        if notice:
            voice.warn(Problem(message=notice, place=place))
