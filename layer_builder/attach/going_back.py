"""What a function gets that goes back: versions named by number, or the layers of one of its versions."""

from collections.abc import Collection, Iterable, Mapping

from layer_builder.attach.choice import NOT_THERE, looked_for, mismatch
from layer_builder.aws import Region
from layer_builder.errors import AwsError, Problem
from layer_builder.model import FunctionState, Layer, LayerVersion, LayerVersionArn, Stack


def name_of(arn: str) -> str:
    """Give the name of the layer that a version is of."""
    return LayerVersionArn.parse(arn).layer.rpartition(":")[2]


def layers_of_version(
    region: Region, stack: Stack, function: FunctionState, number: int, names: Collection[str]
) -> tuple[str, ...]:
    """Give the layers of a published version of the function that are called by one of the names.

    Raises AwsError when there is no such version, or a layer version of it is gone: AWS keeps it for
    the functions that have it, and gives it to no other.
    https://docs.aws.amazon.com/lambda/latest/dg/creating-deleting-layers.html
    """
    try:
        version = region.functions.settled(function.name, str(number))
    except AwsError as error:
        if error.code != NOT_THERE:
            raise
        raise AwsError.because(
            f"it has no version {number}",
            details=error.problems[0].details,
            advice=(
                f"`aws lambda list-versions-by-function --function-name {function.name}` lists those"
                " that it has",
                f"or name versions of its layers: `layer-builder attach {stack.key} LAYER@N`",
            ),
        ) from None
    ours = tuple(arn for arn in version.layers if name_of(arn) in names)
    gone = [arn for arn in ours if arn not in function.layers and _is_gone(region, arn)]
    if gone:
        raise AwsError.because(
            f"it cannot go back to its version {number}: {' and '.join(gone)}"
            f" {'is' if len(gone) == 1 else 'are'} no longer there",
            details=("AWS gives a function no layer version that was deleted",),
            advice=(
                "go back to another version of it, or name layer versions that are there:"
                f" `layer-builder attach {stack.key} LAYER@N`",
                "`layer-builder versions` lists those that are there",
            ),
        )
    return ours


def _is_gone(region: Region, arn: str) -> bool:
    parsed = LayerVersionArn.parse(arn)
    try:
        region.catalog.version(parsed.layer, parsed.number)
    except AwsError as error:
        if error.code == NOT_THERE:
            return True
        # One that may be attached and not be read is left to AWS.
        if not error.is_withheld:
            raise
    return False


def layers_by_number(
    region: Region,
    stack: Stack,
    function: FunctionState,
    wanted: Iterable[tuple[str, int]],
    digests: Mapping[str, str],
) -> dict[str, LayerVersion]:
    """Read the versions that were named by key and number, by layer id.

    The function says whose they are. Raises AwsError for one that is not there, is for another
    target, or is not the zip that its digest means.
    """
    layers = {layer.key: layer for layer in stack.layers}
    found = {}
    for key, number in wanted:
        layer = layers[key]
        had = [arn for arn in function.layers if name_of(arn) == layer.name]
        of = LayerVersionArn.parse(had[0]).layer if had else layer.name
        try:
            version = looked_for(region, of, number)
        except AwsError as error:
            if error.code != NOT_THERE:
                raise
            raise AwsError.because(
                f"there is no version {number} of its layer {key} ({of})",
                details=error.problems[0].details,
                advice=("`layer-builder versions` lists those that are there",),
            ) from None
        if problem := mismatch(layer, version, f"{key}@{number}"):
            raise problem
        _require_digest(layer, version, digests.get(layer.stem, ""))
        found[layer.id] = version
    return found


def _require_digest(layer: Layer, version: LayerVersion, digest: str) -> None:
    if digest not in {"", version.sha256}:
        raise AwsError.because(
            f"{layer.key}@{version.version} ({version.arn}) is not the zip of input digests",
            details=(f"sha256 expected: {digest}", f"sha256 on AWS:   {version.sha256}"),
            advice=(
                "name the version that was published with these digests, or leave the input out",
            ),
        )


def unlike(named: Iterable[tuple[str, str, LayerVersion]]) -> list[Problem]:
    """Say which numbers mean other zips in one region than in another.

    Takes what a layer is called, a region, and what its number means there.
    """
    zips: dict[tuple[str, int], dict[str, str]] = {}
    for title, region, version in named:
        zips.setdefault((title, version.version), {}).setdefault(region, version.sha256)
    return [
        Problem(
            message=f"{title}@{number} is not the same zip in {' and '.join(found)}",
            details=tuple(f"{region}: sha256 {sha256}" for region, sha256 in found.items()),
            advice=(
                "each region counts for itself: input arns names the version of each region, and"
                " input digests holds all of them to one zip",
            ),
        )
        for (title, number), found in zips.items()
        if len(set(found.values())) > 1
    ]
