"""The story of a run: read, build, weigh, publish."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar, assert_never

from layer_builder import limits, manifest, publishing, requirements, stack, weighing
from layer_builder.building import Builder, Product, Voice
from layer_builder.errors import LayerBuilderError, LimitError, ManifestError, Problem
from layer_builder.filling import Filler, FindProver, Installer
from layer_builder.inputs import Command, Inputs
from layer_builder.layer import Built, Layer
from layer_builder.order import Order, order
from layer_builder.outcome import Outcome
from layer_builder.publishing import Connect
from layer_builder.shelf import Shelf
from layer_builder.workspace import Collection, Workspace

_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True, kw_only=True)
class World:
    """All that is outside: handed in by `main`, so that the story can be told elsewhere too."""

    workspace: Workspace
    installer: Installer
    find_prover: FindProver
    connect: Connect
    voice: Voice
    workers: int = os.cpu_count() or 1


def run(inputs: Inputs, world: World, outcome: Outcome) -> None:
    """Do what the inputs ask for, and note in the outcome what was done.

    Raises LayerBuilderError with all that is wrong; the outcome then holds what was done before.
    """
    outcome.manifest = read(inputs, world.workspace)
    _notice_runtimes(outcome, world.voice)
    match inputs.command:
        case Command.PLAN:
            _plan(outcome, world)
        case Command.BUILD:
            _build(outcome, world)
        case Command.PUBLISH:
            regions = [world.connect(region) for region in inputs.regions]
            _build(outcome, world)
            publishing.publish(outcome, regions, world.voice)
        case _:
            assert_never(inputs.command)


def read(inputs: Inputs, workspace: Workspace) -> manifest.Manifest:
    """Read the manifest and keep the layers that are asked for.

    Raises ManifestError with every mistake in it and in the files that it names.
    """
    path = Path(inputs.manifest)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ManifestError.because(
            f"there is no manifest at {inputs.manifest}",
            advice=("`layer-builder init` writes one; manifest: names another path",),
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError.because(f"{inputs.manifest} cannot be read: {error}") from None
    try:
        return manifest.read(text, inputs.manifest).select(inputs.layers)
    except ManifestError as error:
        named = manifest.references(text, inputs.manifest)
        _, mistakes = requirements.collect(named, (), workspace.read, _folder(inputs))
        raise ManifestError(*error.problems, *dict.fromkeys(mistakes)) from None


def _folder(inputs: Inputs) -> str:
    folder = str(Path(inputs.manifest).parent)
    return "" if folder == "." else folder


def _orders(outcome: Outcome, world: World) -> list[Order]:
    """Read every file that the layers name; raise all mistakes at once."""
    problems: list[Problem] = []
    found = []
    for layer in outcome.layers:
        asked, mistakes = requirements.collect(
            layer.requirements, layer.packages, world.workspace.read, _folder(outcome.inputs)
        )
        files = world.workspace.collect(layer.include, layer.exclude)
        problems += [
            replace(problem, layer=problem.layer or layer.key)
            for problem in (*mistakes, *files.problems)
        ]
        if layer.include and not (files.files or files.problems or asked.lines):
            problems.append(_empty(layer, files))
        _tell_left_out(layer, files, world.voice)
        if not problems:
            found.append(order(layer, asked, files))
    if problems:
        raise ManifestError(*dict.fromkeys(problems))
    return found


def _plan(outcome: Outcome, world: World) -> None:
    """Resolve all layers, tell the versions, build nothing."""

    def resolve(item: Order) -> list[str]:
        asked = item.recipe.requirements
        if not asked.lines:
            return [f"{len(item.files.files)} files of the workspace"]
        layer = item.layer
        resolution = world.installer.resolve(asked, layer.target, layer.build)
        return [f"{name} {version}" for name, version in resolution.pins.items()]

    orders = _orders(outcome, world)
    for item, lines in zip(orders, _all(resolve, orders, world.workers), strict=True):
        layer = item.layer
        world.voice.step(layer.key, f"{layer.name} for {layer.target.label}: {', '.join(lines)}")


def _build(outcome: Outcome, world: World) -> None:
    """Build all layers, equal ones once; weigh them and the stacks."""
    inputs = outcome.inputs
    orders = _orders(outcome, world)
    shelf = Shelf(folder=Path(inputs.output_dir))
    filler = Filler(installer=world.installer, find_prover=world.find_prover, workers=world.workers)
    builder = Builder(
        filler=filler,
        shelf=shelf,
        voice=world.voice,
        command=inputs.command,
        takes_up_builds=inputs.command is Command.PUBLISH,
    )
    firsts: dict[str, Order] = {}
    for item in orders:
        firsts.setdefault(item.recipe.key, item)
    products = dict(
        zip(firsts, _all(builder.build, list(firsts.values()), world.workers), strict=True)
    )
    for item in orders:
        first = firsts[item.recipe.key].layer
        product = products[item.recipe.key]
        outcome.built[item.layer.id] = _finish(item.layer, first, product, shelf, inputs)
        if first is not item.layer:
            world.voice.step(item.layer.key, f"same content as {first.key}: built once")
    _weigh(outcome, world.voice)


def _finish(layer: Layer, first: Layer, product: Product, shelf: Shelf, inputs: Inputs) -> Built:
    """Give a layer its own copy of its build, with a note, held against its limits."""
    made = product.archive
    if first is not layer:
        shelved = shelf.find(layer.name)
        if shelved and shelved[0].content == product.note.content:
            made = shelved[1]
        else:
            made = shelf.copy(made, layer.name)
            shelf.keep(layer.name, product.note)
    allowed = limits.limits_for(layer.budget, through_s3=bool(inputs.s3_bucket))
    return Built(
        layer=layer,
        archive=made,
        account=product.note.account,
        readings=limits.weigh(made.weight, allowed),
        same_as=first.id if first is not layer else None,
        reused=product.reused,
    )


def _weigh(outcome: Outcome, voice: Voice) -> None:
    """Raise for every layer and stack over a limit; warn for those near one."""
    problems = [problem for built in outcome.built.values() for problem in weighing.over(built)]
    stacks = outcome.manifest.stacks if outcome.manifest else ()
    outcome.stacks = [stack.weigh(item, outcome.built) for item in stacks]
    problems += [problem for item in outcome.stacks if (problem := item.problem())]
    for built in outcome.built.values():
        for warning in weighing.near(built):
            voice.warn(warning)
    if problems:
        raise LimitError(*problems)


def _all(work: Callable[[_T], _R], items: Sequence[_T], workers: int) -> list[_R]:
    """Do the work for all items, several at a time; raise the problems of all that failed."""
    with ThreadPoolExecutor(max_workers=max(1, workers)) as pool:
        futures = [pool.submit(work, item) for item in items]
    errors = [error for future in futures if (error := future.exception())]
    for error in errors:
        if not isinstance(error, LayerBuilderError):
            raise error
    if errors:
        expected = [error for error in errors if isinstance(error, LayerBuilderError)]
        raise type(expected[0])(*(problem for error in expected for problem in error.problems))
    return [future.result() for future in futures]


def _notice_runtimes(outcome: Outcome, voice: Voice) -> None:
    notices = {layer.target.notice: layer.place for layer in reversed(outcome.layers)}
    for notice, place in notices.items():
        if notice:
            voice.warn(Problem(message=notice, place=place))


def _tell_left_out(layer: Layer, files: Collection, voice: Voice) -> None:
    if files.secrets:
        place = layer.include[0].place
        voice.warn(
            Problem(
                message=f"left out, since they look like credentials: {', '.join(files.secrets)}",
                layer=layer.key,
                place=place,
            )
        )
    others = [path for path in files.left_out if path not in files.secrets]
    if others:
        shown = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")  # noqa: PLR2004 (a line's worth)
        voice.step(layer.key, f"left out of the layer: {shown}")


def _empty(layer: Layer, files: Collection) -> Problem:
    passed_over = f" ({', '.join(files.left_out[:5])} left out)" if files.left_out else ""
    return Problem(
        message=f"its include: finds no file{passed_over}, and AWS refuses an empty layer",
        layer=layer.key,
        place=layer.include[0].place,
    )
