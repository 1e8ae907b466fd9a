"""What to say of layers that are over a limit, or near it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from layer_builder.advice import LayerFiles, advice_line, in_order, try_settings
from layer_builder.builder.install import InstalledTree
from layer_builder.errors import LimitError, Problem
from layer_builder.model import (
    Advice,
    Built,
    Layer,
    LimitReading,
    Package,
    StackWeight,
    Weight,
    check_limits,
    mib,
)
from layer_builder.sources import LayerRequest

_HEAVIEST = 10


def problems_over_limits(built: Built, advice: Sequence[Advice] = ()) -> list[Problem]:
    """Say which limits a layer breaks: its size, the limit and its reason, what weighs most.

    `advice` is what was found to make it smaller.
    """
    heavy = heaviest(built.details.packages, built.details.included_bytes)
    return [
        problem_over(built.layer, reading, heavy, advice)
        for reading in built.readings
        if reading.is_over
    ]


def stack_problem(weight: StackWeight, advice: Mapping[str, Sequence[Advice]]) -> Problem:
    """Say that a function is over the limit, and what would take how much off which layer."""
    problem = weight.problem()
    if problem is None:
        raise ValueError(f"{weight.stack.key} is over no limit")
    found = [
        (one, layer)
        for layer in weight.stack.layers
        for one in in_order(advice.get(layer.id, ()), "unzipped", weight.shares[layer.key])
        if one.gain_of("unzipped")
    ]
    found.sort(key=lambda pair: -(pair[0].gain_of("unzipped") or 0))
    lines = [f"layer {layer.key}: {advice_line(one, 'unzipped')}" for one, layer in found]
    return replace(problem, advice=(*lines, *problem.advice))


def refuse_hopeless(installed: InstalledTree, request: LayerRequest, folder: Path) -> None:
    """Raise LimitError for what is over the unzipped limit before anything is proven or zipped.

    What comes later only adds to it. `folder` is for what is made to find out what would make it
    smaller.
    """
    layer = installed.layer
    beside = [one for one in request.files.files if not one.path.startswith("python/")]
    used = sum(one.size for one in installed.kept)
    used += sum(one.source.stat().st_size for one in beside)
    weight = Weight(zip_bytes=0, unzipped_bytes=used)
    over = [one for one in check_limits(weight, layer.budget.limits) if one.is_over]
    if not over:
        return
    files = LayerFiles(
        layer=layer,
        root=installed.tree.root,
        files=installed.kept,
        asked_for=installed.asked_for,
    )
    advice = try_settings(files, None, folder / "advice")
    heavy = heaviest(installed.packages, installed.included_bytes)
    problems = (problem_over(layer, reading, heavy, advice) for reading in over)
    details = "nothing of it was proven or zipped"
    raise LimitError(*(replace(one, details=(*one.details, details)) for one in problems))


def problems_near_limits(built: Built) -> list[Problem]:
    """Say which limits a layer comes close to, from its `warn-at` up."""
    return [
        Problem(
            message=f"{_size(reading)} is {reading.share:.0%} of {reading.limit.name}"
            f" ({mib(reading.limit.allowed)}); {mib(reading.headroom)} left",
            layer=built.layer.key,
            place=built.layer.place,
        )
        for reading in built.readings
        if not reading.is_over and reading.share >= built.layer.budget.warn_at
    ]


def heaviest(packages: Sequence[Package], included_bytes: int) -> tuple[str, ...]:
    """List the ten distributions that weigh most, unzipped, and the workspace's files."""
    ordered = sorted(packages, key=lambda package: -package.bytes_kept)
    lines = [
        f"{mib(package.bytes_kept):>10}  {package.name} {package.version}"
        for package in ordered[:_HEAVIEST]
    ]
    if included_bytes:
        lines.append(f"{mib(included_bytes):>10}  files of the workspace")
    return tuple(lines)


def problem_over(
    layer: Layer, reading: LimitReading, heavy: Sequence[str], advice: Sequence[Advice]
) -> Problem:
    """Say that a layer breaks a limit, what weighs most in it, and what would take how much off."""
    limit = reading.limit
    return Problem(
        message=f"{_size(reading)} is over {limit.name}: {mib(limit.allowed)},"
        f" {mib(-reading.headroom)} too many",
        layer=layer.key,
        place=layer.place,
        details=(f"why: {limit.reason}", "heaviest distributions, unzipped:", *heavy),
        advice=tuple(_advice(layer, reading, advice)),
    )


def _advice(layer: Layer, reading: LimitReading, advice: Sequence[Advice]) -> list[str]:
    limit = reading.limit
    measured = [
        one for one in in_order(advice, limit.kind, reading.used) if one.gain_of(limit.kind)
    ]
    lines = [advice_line(one, limit.kind) for one in measured]
    total = sum(one.gain_of(limit.kind) or 0 for one in measured)
    if measured and total < -reading.headroom:
        lines.append(f"all of that together takes {mib(total)} at most: it stays over the limit")
    if limit.kind == "zip" and layer.budget.zip_bytes != limit.allowed:
        lines.append("set s3-bucket: a zip in S3 has no limit but the 250 MiB unzipped")
    if limit.kind == "unzipped":
        lines.append("drop: leaves out what you name")
        lines.append("what cannot fit 250 MiB runs as a container image (10 GiB)")
    return lines


def _size(reading: LimitReading) -> str:
    return f"{reading.limit.kind} {mib(reading.used)}"
