"""Whose layer versions are: what is listed before the build, what is another owner's, what may go."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from itertools import product

from layer_builder import parallel
from layer_builder.aws import Region
from layer_builder.errors import AwsError, LayerBuilderError, Problem, merged
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Layer, Stamp, VersionSummary, newest_stamped

_AT_ONCE = 8


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The layer versions that regions have, as listed before the build."""

    versions: Mapping[tuple[str, str], tuple[VersionSummary, ...]] = field(default_factory=dict)
    """By region and name, newest first; nothing of what could not be listed."""

    def newest(self, region: str, name: str) -> VersionSummary | None:
        """Give the newest version; None where there is none, or where that is not known."""
        return next(iter(self.versions.get((region, name), ())), None)

    def newest_stamped(self) -> Iterator[tuple[str, VersionSummary]]:
        """Yield names with the version that says whose they are, region by region."""
        for (_, name), versions in self.versions.items():
            if version := newest_stamped(versions):
                yield name, version

    def of_region(self, region: str) -> dict[str, tuple[VersionSummary, ...]]:
        """Give the versions of a region by name."""
        return {name: found for (where, name), found in self.versions.items() if where == region}


def list_versions(regions: Sequence[Region], layers: Sequence[Layer]) -> Listed:
    """List the versions of all layers in all regions: one call each, for up to 50 versions.

    A region that does not answer is left out: what is published is read there again. Raises its
    error where no region answers.
    """
    by_name = {layer.name: layer for layer in reversed(layers)}
    asked = list(product(regions, dict.fromkeys(layer.name for layer in layers)))
    errors: dict[str, LayerBuilderError] = {}

    def read(one: tuple[Region, str]) -> tuple[VersionSummary, ...]:
        region, name = one
        if region.name in errors:
            return ()
        try:
            return tuple(region.catalog.versions(name))
        except LayerBuilderError as error:
            errors[region.name] = error.about(by_name[name].key, by_name[name].place)
            return ()

    found = zip(asked, parallel.each(read, asked, _AT_ONCE * len(regions)), strict=True)
    if len(errors) == len(regions):
        raise merged(list(errors.values()))
    return Listed(
        versions={
            (region.name, name): versions
            for (region, name), versions in found
            if region.name not in errors
        }
    )


def refuse_foreign(listed: Listed, layers: Sequence[Layer], owner: str) -> None:
    """Raise AwsError for names whose newest stamp is another owner's, unless that is adopted.

    A version without a stamp that somebody put on top takes no name from its owner.
    """
    by_name = {layer.name: layer for layer in reversed(layers)}
    problems = [
        problem
        for name, newest in listed.newest_stamped()
        if (problem := foreign_problem(by_name[name], newest.arn, newest.stamp, owner))
    ]
    if problems:
        raise AwsError(*problems)


def foreign_problem(layer: Layer, arn: str, stamp: Stamp | None, owner: str) -> Problem | None:
    """Say whose a layer's name is by a version's stamp; None where this run may publish after it.

    A name without any stamp is nobody's: its versions stay, and the next one has this owner.
    """
    if layer.adopt or stamp is None or stamp.owner == owner:
        return None
    commit = "" if stamp.commit == "-" else f", from commit {stamp.commit}"
    return Problem(
        message=f"the name {layer.name!r} on AWS is another owner's: {arn} was published by"
        f" {stamp.owner}{commit}",
        layer=layer.key,
        place=layer.place,
        details=(f"this manifest publishes as {owner}",),
        advice=(
            "give the layer a name of its own: name: in the layer, or a prefix in name: at the top",
            "if it is to be this manifest's from now on: adopt: true in the layer",
            "if the manifest or its repository was moved: owner: with what the stamp says",
        ),
    )


def stays_because(version: VersionSummary, owner: str) -> str:
    """Say why a version is not this manifest's to delete; empty where it is."""
    if version.stamp is None:
        return "it has no stamp: what made it is not known"
    return "" if version.stamp.owner == owner else f"it is of {version.stamp.owner}"
