"""A finished layer version: its bytes, and what it says of itself; nothing is decided anew."""

from dataclasses import replace

from layer_builder.errors import ManifestError, Place
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import (
    Architecture,
    Archive,
    Budget,
    Built,
    Layer,
    LayerVersion,
    Python,
    Stamp,
    Target,
    check_limits,
)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A layer version as somebody published or built it."""

    key: str
    """Of its layer in the manifest that it is from; its name on AWS where nobody knows it."""
    label: str
    """Of its target; empty where nobody said it."""
    name: str
    """Of the layer on AWS."""
    version: LayerVersion
    """What it says of itself; of a zip in a folder its ARN is empty."""
    archive: Archive
    source: str
    """Where it is from: an ARN or a path."""


@dataclass(frozen=True, kw_only=True)
class PromotedBuild(Built):
    """A finished version as publishing takes it: it says of itself what it said before."""

    said: LayerVersion

    @property
    def runtimes(self) -> list[str]:
        """The runtimes that it was published for."""
        return sorted(self.said.runtimes)

    @property
    def architectures(self) -> list[str]:
        """The architectures that it was published for; none where it does not say any."""
        return sorted(self.said.architectures)


def as_built(finished: Finished, *, is_one_of_several: bool, through_s3: bool) -> PromotedBuild:
    """Give a finished version as one that is to be published. Raises ManifestError.

    Its layer has no settings of a manifest: nobody is let in, nothing is deleted, no parameter is
    written.
    """
    version, name = finished.version, finished.name
    text, stamp = Stamp.parse(version.description)
    layer = Layer(
        key=finished.key,
        name=name,
        target=_target(finished),
        place=Place(file=finished.source),
        description=text,
        license=version.license,
        budget=Budget(through_s3=through_s3),
        is_one_of_several=is_one_of_several,
    )
    readings = check_limits(finished.archive.weight, layer.budget.limits)
    return PromotedBuild(
        layer=layer,
        archive=finished.archive,
        stamp=stamp,
        readings=readings,
        taken_up=True,
        said=version,
    )


def joined(finished: Finished, other: Finished) -> Finished:
    """Make one of two targets that are one version on AWS; it is for what both are for."""
    version = replace(
        finished.version,
        runtimes=finished.version.runtimes | other.version.runtimes,
        architectures=finished.version.architectures | other.version.architectures,
    )
    return replace(finished, version=version)


def _target(finished: Finished) -> Target:
    """Find the target that its layer is told under: that of its label, its first without one."""
    version = finished.version
    known = [
        Target(python=python, architecture=architecture)
        for python in Python
        if f"python{python}" in version.runtimes
        for architecture in Architecture
        if architecture in version.architectures or not version.architectures
    ]
    said = ", ".join((*sorted(version.runtimes), *sorted(version.architectures)))
    if not known:
        raise ManifestError.because(
            f"{finished.source} is for {said or 'no runtime'}: it is no layer of this program",
            advice=(f"its runtimes must be some of {', '.join(f'python{one}' for one in Python)}",),
        )
    if not finished.label:
        return known[0]
    labelled = next((target for target in known if target.label == finished.label), None)
    if labelled is None:
        raise ManifestError.because(
            f"{finished.source} is not for {finished.label}",
            layer=finished.key,
            details=(f"it says that it is for {said}",),
            advice=(f"name it as one for {' or '.join(target.label for target in known)}",),
        )
    return labelled
