"""Where exact versions are named: the input `arns`, what `publish` left, SSM parameters."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from layer_builder.errors import ManifestError
from layer_builder.handoff.named_versions import (
    NamedVersion,
    NamedVersions,
    read_named_versions,
    with_digests_of,
)
from layer_builder.model import Layer

FROM_SSM, NEWEST = "ssm", "newest"
"""What `arns` may be besides ARNs and paths."""


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

    Raises ManifestError, and what the readers raise.
    """
    by_name = {layer.delivery.parameter: layer for layer in layers if layer.delivery.parameter}
    if not by_name:
        raise ManifestError.because(
            "input arns: ssm, and the manifest has no `ssm:`", advice=("ssm: /path/{layer}",)
        )
    versions: list[NamedVersion] = []
    for region, read in readers.items():
        for name, arn in read(list(by_name)).items():
            source = f"the SSM parameter {name} in {region}"
            (one,) = read_named_versions(arn, source).versions
            layer = by_name[name]
            versions.append(NamedVersion(arn=one.arn, key=layer.key, label=layer.target.label))
    return NamedVersions(source="ssm", versions=tuple(versions))
