"""What to say of an estimate: limits that it breaks or comes near to, and a line for the log."""

from collections.abc import Sequence

from layer_builder.errors import Problem
from layer_builder.forecast.estimate import ERROR, LayerEstimate
from layer_builder.model import LimitReading, PruneProfile, mib, unzipped_limit

_HEAVIEST = 10


def estimate_line(estimate: LayerEstimate) -> str:
    """Say in a line what a layer will weigh, with the share of the limit that it comes closest to."""
    weight, tightest = estimate.weight, estimate.tightest
    return (
        f"≈ {mib(weight.zip_bytes)} zipped, ≈ {mib(weight.unzipped_bytes)} unzipped (±{ERROR:.0%});"
        f" {tightest.share:.0%} of {mib(tightest.limit.allowed)} {tightest.limit.kind}"
    )


def open_lines(estimate: LayerEstimate) -> list[str]:
    """Say what an estimate leaves open, and what had to be fetched whole for it."""
    lines = [f"not in it: {line}" for line in estimate.unknown]
    if estimate.unlicensed:
        lines.append(unlicensed_line(estimate.unlicensed))
    by_reason: dict[str, list[str]] = {}
    for name, why in estimate.whole.items():
        by_reason.setdefault(why, []).append(name)
    return lines + [
        f"fetched whole, since of its wheel no part could be read ({why}): {', '.join(names)}"
        for why, names in sorted(by_reason.items())
    ]


def unlicensed_line(names: Sequence[str]) -> str:
    """Say of whom nobody can tell before a build whether a policy lets them in."""
    return f"licenses: not checked: {', '.join(names)}: their metadata is there after a build"


def problems_of_estimate(estimate: LayerEstimate) -> tuple[list[Problem], list[Problem]]:
    """Tell which limits a layer cannot fit, and which it may not fit or comes near to."""
    hopeless = {reading.limit.kind for reading in estimate.cannot_fit}
    errors, warnings = [], []
    for reading in estimate.readings:
        if reading.limit.kind in hopeless:
            errors.append(_letter(estimate, reading, "cannot fit"))
        elif reading.is_over:
            warnings.append(_letter(estimate, reading, "may not fit"))
        elif reading.share >= estimate.layer.budget.warn_at:
            warnings.append(_letter(estimate, reading, "comes near to"))
    return errors, warnings


def _letter(estimate: LayerEstimate, reading: LimitReading, verdict: str) -> Problem:
    limit, layer = reading.limit, estimate.layer
    heaviest = sorted(estimate.packages, key=lambda one: -one.bytes_kept)[:_HEAVIEST]
    advice = []
    # What unzips to too much fits no function, however its zip gets there or is split.
    is_hopeless = any(
        one.limit.kind == "unzipped" and one.limit.allowed == unzipped_limit().allowed
        for one in estimate.cannot_fit
    )
    if limit.kind == "zip" and layer.budget.zip_bytes != limit.allowed and not is_hopeless:
        advice.append("set s3-bucket: a zip in S3 has no limit but the 250 MiB unzipped")
    if layer.prune is PruneProfile.OFF:
        advice.append("prune: safe leaves out tests, stubs and sources")
    if reading.is_over and not is_hopeless:
        advice.append(
            f"`layer-builder split {layer.key}` measures, and proposes layers if some fit"
        )
    if limit.kind == "unzipped" and reading.is_over:
        advice.append("what cannot fit 250 MiB runs as a container image (10 GiB)")
    return Problem(
        message=f"≈ {mib(reading.used)} {limit.kind} (±{ERROR:.0%}) {verdict} {limit.name}:"
        f" {mib(limit.allowed)}, {reading.share:.0%} of it",
        layer=layer.key,
        place=layer.place,
        details=(
            f"why: {limit.reason}",
            *(f"≈ {mib(one.bytes_kept):>10}  {one.name} {one.version}" for one in heaviest),
        )
        if reading.is_over
        else (),
        advice=tuple(advice),
    )
