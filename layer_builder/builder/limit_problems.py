"""What to say of layers that are over a limit, or near it."""

from layer_builder.errors import Problem
from layer_builder.model import Built, LimitReading, PruneProfile, mib

_HEAVIEST = 10


def problems_over_limits(built: Built) -> list[Problem]:
    """Say which limits a layer breaks: its size, the limit and its reason, what weighs most."""
    return [_over(built, reading) for reading in built.readings if reading.is_over]


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


def heaviest(built: Built) -> tuple[str, ...]:
    """List the ten distributions that weigh most, unzipped."""
    packages = sorted(built.details.packages, key=lambda package: -package.bytes_kept)
    lines = [
        f"{mib(package.bytes_kept):>10}  {package.name} {package.version}"
        for package in packages[:_HEAVIEST]
    ]
    if built.details.included_bytes:
        lines.append(f"{mib(built.details.included_bytes):>10}  files of the workspace")
    return tuple(lines)


def _over(built: Built, reading: LimitReading) -> Problem:
    limit = reading.limit
    return Problem(
        message=f"{_size(reading)} is over {limit.name}: {mib(limit.allowed)},"
        f" {mib(-reading.headroom)} too many",
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
    names = {package.name for package in built.details.packages}
    if "botocore" in names:
        advice.append(
            "sdk: runtime leaves the AWS SDK to Lambda; sdk: auto keeps the data of the services"
            " that your code asks for"
        )
    if reading.limit.kind == "unzipped":
        advice.append("what cannot fit 250 MiB runs as a container image (10 GiB)")
    return advice


def _size(reading: LimitReading) -> str:
    return f"{reading.limit.kind} {mib(reading.used)}"
