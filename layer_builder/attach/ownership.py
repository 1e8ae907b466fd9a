"""Whose the versions are that a list offers: those of another owner are not given to functions."""

from layer_builder.errors import AwsError
from layer_builder.model import Layer, VersionSummary


class ForeignVersionError(AwsError):
    """A layer's name is another owner's, so that its newest version is not this manifest's to take."""


def foreign_error(
    layer: Layer, arn: str, stamped: VersionSummary | None, owner: str
) -> ForeignVersionError | None:
    """Say whose a name is, by its newest version with a stamp; None where this manifest may take it."""
    stamp = stamped.stamp if stamped else None
    if layer.adopt or not owner or stamp is None or stamp.owner == owner:
        return None
    commit = "" if stamp.commit == "-" else f", from commit {stamp.commit}"
    return ForeignVersionError.because(
        f"the name {layer.name!r} on AWS is another owner's: {stamp.owner} published it{commit}",
        details=(
            f"the newest version is {arn}",
            f"this manifest is of {owner}",
            "no function was changed",
        ),
        advice=(
            "to take exact versions, whoever published them: input arns, or"
            f" `layer-builder attach {layer.key}@N`",
            "if the name is to be this manifest's from now on: adopt: true in the layer",
            "if the manifest or its repository was moved: owner: with what the stamp says",
        ),
    )
