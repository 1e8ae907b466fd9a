"""Where exact versions are named: the input `arns`, what `publish` left, SSM parameters."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from layer_builder.errors import ManifestError, Problem, shortened
from layer_builder.handoff.named_versions import (
    NamedVersion,
    NamedVersions,
    read_named_versions,
    with_digests_of,
)
from layer_builder.model import (
    CONTENT_FIELD,
    LAYER_VERSION_ARN_PATTERN,
    VERSION_FIELD,
    Layer,
)

FROM_SSM, NEWEST = "ssm", "newest"
"""What `arns` may be besides ARNs and paths."""


_UNCHANGED = "no function was changed"


Read = Callable[[Path], str]
"""Reads a file that the caller named. Raises OSError and ValueError."""


ReadParameters = Callable[[Sequence[str]], Mapping[str, str]]
"""Reads SSM parameters of a region by their names; leaves out those that are not there."""


def named_by_input(arns: str, read: Read) -> NamedVersions:
    """Read ARNs as the input has them, or from the file that it names. Raises ManifestError.

    A `report.json` beside the file tells the digests of the versions that it tells of.
    """
    if arns[0] in "[{" or arns.startswith("arn:"):
        return read_named_versions(arns, "input arns")
    path = Path(arns)
    try:
        text = read(path)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ManifestError.because(
            f"input arns: {arns} cannot be read: {why}",
            advice=("it is a path, ARNs, JSON, `ssm` or `newest`",),
        ) from None
    named = read_named_versions(text, arns)
    report = path.parent / "report.json"
    if report == path:
        return named
    try:
        return with_digests_of(named, read(report))
    except (OSError, ValueError):
        return named


def left_by_publish(
    output_dir: str, read: Read, is_tracked: Callable[[Path], bool]
) -> NamedVersions | None:
    """Read what a publish into an output directory handed on; None where there is nothing.

    A file that git tracks was not left by one. Raises ManifestError.
    """
    path = Path(output_dir) / "layers.by-region.json"
    if not path.is_file() or is_tracked(path):
        return None
    return named_by_input(str(path), read)


def named_by_parameters(
    layers: Iterable[Layer], readers: Mapping[str, ReadParameters]
) -> NamedVersions:
    """Read the SSM parameters that `ssm:` of the manifest names; `readers` are by region.

    Targets that share a parameter are one layer version: each of them is named. Raises
    ManifestError for a parameter that holds no ARN, or several; and what the readers raise.
    """
    by_name: dict[str, list[Layer]] = {}
    for layer in layers:
        for name in followed(layer):
            by_name.setdefault(name, []).append(layer)
    if not by_name:
        raise ManifestError.because(
            "input arns: ssm, and the manifest has no `ssm:` that follows the newest version",
            advice=("ssm: /path/{layer}",),
        )
    versions: list[NamedVersion] = []
    problems: list[Problem] = []
    for region, read in readers.items():
        for name, value in read(list(by_name)).items():
            following, arn = by_name[name], value.strip()
            if not re.fullmatch(LAYER_VERSION_ARN_PATTERN, arn):
                problems.append(_no_arn(following[0], name, region, value))
                continue
            versions += (
                NamedVersion(arn=arn, key=layer.key, label=layer.target.label)
                for layer in following
            )
    if problems:
        raise ManifestError(*problems)
    return NamedVersions(source=FROM_SSM, versions=tuple(versions))


def _no_arn(layer: Layer, name: str, region: str, value: str) -> Problem:
    return Problem(
        message=f"the SSM parameter {name} in {region} does not hold the ARN of one layer version:"
        f" {shortened(value)}",
        layer=layer.key,
        place=layer.place,
        details=(_UNCHANGED,),
        advice=("publish writes it; see who else does",),
    )


def followed(layer: Layer) -> tuple[str, ...]:
    """Name the SSM parameters of a layer that follow its newest version."""
    # A name that each version fills in anew tells nothing of the newest.
    return tuple(
        name
        for name in layer.delivery.parameters
        if VERSION_FIELD not in name and CONTENT_FIELD not in name
    )


def refuse_gaps(named: NamedVersions, layers: Iterable[Layer], regions: Sequence[str]) -> None:
    """Raise ManifestError for layers that are named in some region, and not in each of these.

    One that is named in none is left as it is: whoever names some layers means those.
    """
    problems = [
        _gap(named, layer, missing)
        for layer in layers
        if any(named.find(layer, region) for region in {*named.regions, *regions})
        and (missing := [one for one in regions if not named.find(layer, one)])
    ]
    if problems:
        raise ManifestError(*problems)


def _gap(named: NamedVersions, layer: Layer, missing: Sequence[str]) -> Problem:
    """Say where a layer is named, where it is not, and what to do."""
    found = [one for region in named.regions if (one := named.find(layer, region))]
    known = tuple(one.arn for one in found)
    there = ", ".join(one.region for one in found)
    lacking = ", ".join(missing)
    if named.source == FROM_SSM:
        names = " or ".join(followed(layer))
        message = (
            f"no SSM parameter {names} in {lacking} names a version of it; that in {there} does"
        )
        mend = f"publish to {lacking}, which writes it"
    else:
        message = f"{named.source} names a version of it in {there}, and none in {lacking}"
        mend = (
            "hand on layers.by-region.json, or the output layer-arns-by-region, of a publish to"
            f" {lacking}"
        )
    return Problem(
        message=message,
        layer=layer.key,
        place=layer.place,
        details=(*known, _UNCHANGED),
        advice=(mend, f"or attach in {there} only: input aws-region"),
    )
