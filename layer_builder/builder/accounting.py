"""The account of a build: what came in, what went, by distribution and by rule."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from layer_builder.errors import Problem
from layer_builder.model.build import Built, Package
from layer_builder.model.limits import LimitReading, mib
from layer_builder.model.prune_plan import InstalledFile, PrunePlan, RuleTotal
from layer_builder.model.settings import PruneProfile
from layer_builder.tree.distributions import Distribution


def totals(
    plan: PrunePlan, to_runtime: frozenset[str], entries: Sequence[InstalledFile]
) -> tuple[RuleTotal, ...]:
    """Add up files and bytes by rule; `to_runtime` are the paths that the runtime is to bring."""
    if not to_runtime:
        return plan.totals
    sizes = [entry.size for entry in entries if entry.path in to_runtime]
    return (RuleTotal(rule="sdk", files=len(sizes), bytes=sum(sizes)), *plan.totals)


def packages(
    installed: Sequence[Distribution],
    before: Sequence[InstalledFile],
    after: Sequence[InstalledFile],
) -> tuple[Package, ...]:
    """Weigh each distribution before and after pruning."""
    old = {entry.path: entry.size for entry in before}
    new = {entry.path: entry.size for entry in after}

    def total(sizes: Mapping[str, int], paths: Sequence[str]) -> int:
        return sum(sizes.get(path, 0) for path in paths)

    return tuple(
        Package(
            name=distribution.name,
            version=distribution.version,
            bytes_installed=total(old, distribution.files),
            bytes_kept=total(new, distribution.files),
        )
        for distribution in installed
    )


def with_zipped(
    packages: Sequence[Package], owners: Mapping[str, str], sizes: Mapping[str, int]
) -> tuple[Package, ...]:
    """Add to each distribution what it takes in the zip; `sizes` is by path in the zip."""
    zipped: Counter[str] = Counter()
    for path, owner in owners.items():
        zipped[owner] += sizes.get(f"python/{path}", 0)
    return tuple(replace(package, bytes_zipped=zipped[package.name]) for package in packages)


_HEAVIEST = 10


def over(built: Built) -> list[Problem]:
    """Say which limits a layer breaks: its size, the limit and its reason, what weighs most."""
    return [_over(built, reading) for reading in built.readings if reading.is_over]


def near(built: Built) -> list[Problem]:
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


def heaviest(built: Built) -> tuple[str, ...]:
    """List the ten distributions that weigh most, unzipped."""
    packages = sorted(built.account.packages, key=lambda package: -package.bytes_kept)
    lines = [
        f"{package.bytes_kept:>13,} B  {package.name} {package.version}"
        for package in packages[:_HEAVIEST]
    ]
    if built.account.included_bytes:
        lines.append(f"{built.account.included_bytes:>13,} B  files of the workspace")
    return tuple(lines)


def _over(built: Built, reading: LimitReading) -> Problem:
    limit = reading.limit
    return Problem(
        message=f"{_size(reading)} ({reading.used:,} bytes) is over {limit.name}:"
        f" {limit.allowed:,} bytes, {-reading.headroom:,} too many",
        layer=built.layer.key,
        place=built.layer.place,
        details=(f"why: {limit.reason}", "heaviest distributions, unzipped:", *heaviest(built)),
        advice=tuple(_advice(built, reading)),
    )


def _advice(built: Built, reading: LimitReading) -> list[str]:
    advice = []
    if reading.limit.kind == "zip" and built.layer.budget.zip_bytes != reading.limit.allowed:
        advice.append("set s3-bucket: a zip in S3 has no limit but the 250 MiB unzipped")
    if built.layer.prune is not PruneProfile.AGGRESSIVE:
        advice.append("prune: aggressive removes more; drop: removes what you name")
    advice.append(f"`layer-builder split {built.layer.key}` proposes layers that fit")
    names = {package.name for package in built.account.packages}
    if "botocore" in names:
        advice.append(
            "sdk: runtime leaves the AWS SDK to Lambda; sdk: [s3] keeps the data of the services named"
        )
    if reading.limit.kind == "unzipped":
        advice.append("what cannot fit 250 MiB runs as a container image (10 GiB)")
    return advice


def _size(reading: LimitReading) -> str:
    return f"{reading.limit.kind} {mib(reading.used)}"
