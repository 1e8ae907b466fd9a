"""Runs a command of the action: plan, build, publish or attach."""

from typing import assert_never

from layer_builder.commands import attach as attaching
from layer_builder.commands import load
from layer_builder.commands.build import build
from layer_builder.commands.context import World
from layer_builder.commands.plan import plan
from layer_builder.console import Voice
from layer_builder.errors import Problem
from layer_builder.inputs import Command, Inputs
from layer_builder.outcome import Outcome
from layer_builder.publish import publisher


def run(inputs: Inputs, world: World, outcome: Outcome) -> None:
    """Do what the inputs ask for, and note in the outcome what was done.

    Raises LayerBuilderError with all that is wrong; the outcome then holds what was done before.
    """
    outcome.manifest = load.read(inputs, world.workspace)
    _notice_runtimes(outcome, world.voice)
    match inputs.command:
        case Command.PLAN:
            plan(outcome, world)
        case Command.BUILD:
            build(outcome, world)
        case Command.PUBLISH:
            load.regions(outcome, world.default_regions)
            regions = [world.connect(region) for region in outcome.regions]
            held = publisher.prepare(outcome, regions, world.voice)
            build(outcome, world)
            publisher.publish(outcome, regions, world.voice, held)
        case Command.ATTACH:
            load.regions(outcome, world.default_regions)
            attaching.attach(outcome, world)
        case _:
            assert_never(inputs.command)


def _notice_runtimes(outcome: Outcome, voice: Voice) -> None:
    notices = {layer.target.notice: layer.place for layer in reversed(outcome.layers)}
    for notice, place in notices.items():
        if notice:
            voice.warn(Problem(message=notice, place=place))
