"""What a trial came to, in lines and as data. Pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from packaging.requirements import Requirement

from layer_builder.answers.changes import Mode
from layer_builder.answers.trial import PackageChange, TrialOption, WeighedChange
from layer_builder.forecast import ERROR, unlicensed_line
from layer_builder.model import mib

_SIGNS = {Mode.ADD: "+", Mode.REMOVE: "-", Mode.UPGRADE: "↑"}


def trial_lines(
    mode: Mode,
    packages: Sequence[Requirement],
    options: Sequence[TrialOption],
    best: Sequence[TrialOption],
) -> Iterator[str]:
    """Say what each layer's change would come to, and which is best."""
    yield f"{' '.join(f'{_SIGNS[mode]} {one}' for one in packages)} (≈ is ±{ERROR:.0%})"
    for option in options:
        yield f"{option.key}: {option.verdict}"
        if option.refused:
            yield f"  {option.refused}"
        for change in option.layers:
            yield f"  layer {change.after.layer.title}: {_change(change)}"
            yield from (f"    {_package(one)}" for one in change.packages)
            yield from (f"    warning: {said}" for said in change.denied)
            if change.unchecked:
                yield f"    {unlicensed_line(change.unchecked)}"
        for function in option.functions:
            before, after = function.before.reading.share, function.after.reading.share
            yield (
                f"  function {function.after.stack.key} {function.verdict}:"
                f" ≈ {mib(function.after.used)} unzipped, {before:.0%} → {after:.0%} of 250 MiB"
            )
        if not option.layers and not option.refused:
            yield "  nothing changes"
    if not best:
        yield "no layer can have it" if mode is Mode.ADD else "it does not fit so, either"
    elif mode is Mode.ADD and len(options) > 1:
        first, *others = [one.key for one in best]
        alike = f" ({', '.join(others)}: the same bytes, no more room)" if others else ""
        yield f"best: {first}{alike}"


def _change(change: WeighedChange) -> str:
    old, new = change.before.weight, change.after.weight
    before, after = change.shares
    limit = change.after.tightest.limit
    return (
        f"≈ {mib(old.zip_bytes)} → {mib(new.zip_bytes)} zipped,"
        f" ≈ {mib(old.unzipped_bytes)} → {mib(new.unzipped_bytes)} unzipped;"
        f" {before:.0%} → {after:.0%} of {mib(limit.allowed)} {limit.kind}"
    )


def _package(one: PackageChange) -> str:
    size = f"≈ {'+' if one.bytes >= 0 else '-'}{mib(abs(one.bytes))}"
    if one.before is None:
        return f"+ {one.name} {one.after} {size}"
    if one.after is None:
        return f"- {one.name} {one.before} {size}"
    return f"~ {one.name} {one.before} → {one.after} {size}"


def trial_data(
    mode: Mode,
    packages: Sequence[Requirement],
    options: Sequence[TrialOption],
    best: Sequence[TrialOption],
) -> dict[str, Any]:
    """Render the same as data; documented in docs/plan.md. All sizes are bytes."""
    return {
        "mode": str(mode),
        "packages": [str(one) for one in packages],
        "error": ERROR,
        "best": best[0].key if best else None,
        "alike": [one.key for one in best[1:]],
        "options": [_option(option) for option in options],
    }


def _option(option: TrialOption) -> dict[str, Any]:
    return {
        "layer": option.key,
        "verdict": str(option.verdict),
        "refused": option.refused or None,
        "layers": [
            {
                "key": change.after.layer.key,
                "python": str(change.after.layer.target.python),
                "architecture": str(change.after.layer.target.architecture),
                "verdict": str(change.verdict),
                "zip_bytes": [change.before.weight.zip_bytes, change.after.weight.zip_bytes],
                "unzipped_bytes": [
                    change.before.weight.unzipped_bytes,
                    change.after.weight.unzipped_bytes,
                ],
                "share": [round(share, 4) for share in change.shares],
                "limit": {
                    "kind": change.after.tightest.limit.kind,
                    "bytes": change.after.tightest.limit.allowed,
                },
                "packages": [
                    {"name": one.name, "before": one.before, "after": one.after, "bytes": one.bytes}
                    for one in change.packages
                ],
                "denied": list(change.denied),
                "licences_not_checked": list(change.unchecked),
            }
            for change in option.layers
        ],
        "functions": [
            {
                "key": one.after.stack.key,
                "verdict": str(one.verdict),
                "unzipped_bytes": [one.before.used, one.after.used],
                "share": [
                    round(one.before.reading.share, 4),
                    round(one.after.reading.share, 4),
                ],
            }
            for one in option.functions
        ],
    }
