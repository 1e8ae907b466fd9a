"""What publishing needs of the regions before anything is built: buckets that can be used."""

from collections.abc import Mapping, Sequence

from layer_builder import parallel
from layer_builder.aws import Region
from layer_builder.console import Reporter
from layer_builder.errors import LayerBuilderError, ManifestError, Problem, merged
from layer_builder.model import S3Mode
from layer_builder.outcome import Outcome
from layer_builder.report import variable_clashes

Held = Mapping[str, LayerBuilderError]
"""Errors of regions that are told at the end, by region."""


def prepare_publishing(outcome: Outcome, regions: Sequence[Region], reporter: Reporter) -> Held:
    """Check the buckets before anything is built; gives what is wrong with some of the regions.

    Where nothing is to be built no bucket is needed, and none asked for.

    Raises what is wrong with all of them, and ManifestError where a layer needs a bucket and
    there is none.
    """
    for problem in variable_clashes(outcome.layers):
        reporter.warn(problem)
    by_reference = [layer for layer in outcome.layers if layer.delivery.mode is S3Mode.REFERENCE]
    # Lambda keeps reading what it refers to, so that the bucket is part of the layer:
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-self-managed-storage.html
    if by_reference and not outcome.inputs.s3_bucket:
        raise ManifestError(
            *(
                Problem(
                    message="s3: {mode: reference} needs a bucket that Lambda can refer to",
                    layer=layer.key,
                    place=layer.place,
                    advice=("set the input s3-bucket",),
                )
                for layer in by_reference
            )
        )

    def check(region: Region) -> LayerBuilderError | None:
        try:
            region.versions.check_bucket(for_reference=bool(by_reference))
        except LayerBuilderError as error:
            return error
        return None

    if all(layer.id in outcome.known for layer in outcome.layers):
        return {}
    answers = zip(regions, parallel.each(check, regions, len(regions)), strict=True)
    held = {region.name: error for region, error in answers if error}
    if held and len(held) == len(regions):
        raise merged(list(held.values()))
    for name, error in held.items():
        reporter.step(name, f"nothing will be published here: {error.problems[0].message}")
    return held
