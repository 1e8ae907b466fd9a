"""Which versions of their layers functions get: those that were named, else the newest.

What AWS lists may be behind what it has by a moment, and another run may have published since: so a
version that was named is read by its own number, and none is taken that is not what was promised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from layer_builder import parallel
from layer_builder.attach.ownership import foreign_error
from layer_builder.aws import LOOK_DELAYS, Region
from layer_builder.errors import AwsError, LayerBuilderError, ManifestError
from layer_builder.handoff import NamedVersion, NamedVersions
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import (
    Layer,
    LayerVersion,
    LayerVersionArn,
    Stack,
    VersionSummary,
    newest_stamped,
)

LOOKUPS_AT_ONCE = 8
"""Calls, or functions, that are worked on at the same time."""


NOT_THERE = "ResourceNotFoundException"


_MOST_LOOKED_AT = 10
"""Of the newest versions of a layer, when one with a certain digest is looked for."""


@dataclass(frozen=True, kw_only=True)
class ChosenVersion:
    """A layer version that functions are to have."""

    arn: str
    named: bool
    """Whether it was named; else it is the newest that AWS lists."""
    ours: str = ""
    """The ARN of this manifest's newest version, where the chosen one is newer and has no stamp."""

    @property
    def number(self) -> int:
        """Its number."""
        return LayerVersionArn.parse(self.arn).number


@dataclass(frozen=True, kw_only=True)
class VersionChoice:
    """What a run goes by when it chooses versions."""

    named: NamedVersions | None = None
    """Exact versions; None where nobody named any."""
    is_whole: bool = False
    """Whether nothing but those is to be set; else all other layers get their newest version."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 in hexadecimal by the stem of a zip: what the version must hold."""
    owner: str = ""
    """As stamps have it: whose versions are taken where none was named. Empty where all are."""

    def choose(
        self, region: Region, stacks: Sequence[Stack]
    ) -> tuple[dict[str, ChosenVersion], dict[str, LayerBuilderError]]:
        """Choose the version of each layer, by layer id; gives what is wrong with others."""
        layers = list({layer.id: layer for stack in stacks for layer in stack.layers}.values())

        def choose(layer: Layer) -> ChosenVersion | LayerBuilderError | None:
            try:
                return self._version(region, layer)
            except LayerBuilderError as error:
                return error.about(layer.key, layer.place)

        answers = parallel.each(choose, layers, LOOKUPS_AT_ONCE)
        chosen: dict[str, ChosenVersion] = {}
        errors: dict[str, LayerBuilderError] = {}
        for layer, answer in zip(layers, answers, strict=True):
            if isinstance(answer, LayerBuilderError):
                errors[layer.id] = answer
            elif answer:
                chosen[layer.id] = answer
        return chosen, errors

    def _version(self, region: Region, layer: Layer) -> ChosenVersion | None:
        digest = self.digests.get(layer.stem, "")
        named = self.named.find(layer, region.name) if self.named else None
        if self.named and named:
            return self._exact(region, layer, named, digest)
        if self.is_whole:
            return None
        if digest:
            return _with_digest(region, layer, digest)
        return _newest(region, layer, self.owner)

    def _exact(
        self, region: Region, layer: Layer, named: NamedVersion, digest: str
    ) -> ChosenVersion:
        """Read a version by its number, and hold it against what is known of it."""
        source = self.named.source if self.named else ""
        expected = named.sha256 or digest
        if digest not in {"", expected}:
            raise ManifestError.because(
                f"{source} and input digests mean different zips",
                details=(f"{source}: sha256 {expected}", f"digests: sha256 {digest}"),
            )
        version = _read(region, named.arn, may_be_withheld=not expected)
        if expected and version.sha256 != expected:
            raise AwsError.because(
                f"{named.arn} is not the version that {source} means: its zip is another",
                details=(f"sha256 expected: {expected}", f"sha256 on AWS:   {version.sha256}"),
                advice=("publish again, and hand on what that publish hands on",),
            )
        if version.arn and (problem := mismatch(layer, version, "it")):
            raise problem
        return ChosenVersion(arn=named.arn, named=True)


def _read(region: Region, arn: str, *, may_be_withheld: bool) -> LayerVersion:
    """Read a version that should be there, and may not be there yet."""
    parsed = LayerVersionArn.parse(arn)
    try:
        return looked_for(region, parsed.layer, parsed.number)
    except AwsError as error:
        if error.code == NOT_THERE:
            raise AwsError.because(
                f"there is no layer version {arn}",
                details=error.problems[0].details,
                advice=("it was deleted, or it is of another account or region",),
            ) from None
        if error.is_withheld and may_be_withheld:
            return _UNREAD
        raise


def looked_for(region: Region, layer: str, number: int) -> LayerVersion:
    """Read a version by the layer's name or ARN; looks again where AWS does not show it yet.

    Raises AwsError, with the code NOT_THERE where it is not shown to the end.
    """
    last = AwsError()
    for seconds in LOOK_DELAYS:
        region.catalog.wait(seconds)
        try:
            return region.catalog.version(layer, number)[0]
        except AwsError as error:
            if error.code != NOT_THERE:
                raise
            last = error
    first, *rest = last.problems
    details = (*first.details, f"looked {len(LOOK_DELAYS)} times")
    raise last.with_problems(replace(first, details=details), *rest)


_UNREAD = LayerVersion(
    arn="",
    version=0,
    sha256="",
    runtimes=frozenset(),
    architectures=frozenset(),
    description="",
    license="",
)
"""Stands for a version that may be attached and not be read: AWS decides."""


def _newest(region: Region, layer: Layer, owner: str) -> ChosenVersion:
    versions = _listed(region, layer)
    newest, stamped = versions[0], newest_stamped(versions)
    if error := foreign_error(layer, newest.arn, stamped, owner):
        raise error
    if problem := mismatch(layer, newest, "its newest version"):
        raise problem
    has_ours = stamped and stamped != newest and owner and not layer.adopt
    ours = stamped.arn if stamped and has_ours else ""
    return ChosenVersion(arn=newest.arn, named=False, ours=ours)


def _listed(region: Region, layer: Layer) -> list[VersionSummary]:
    versions = region.catalog.versions(layer.name)
    if not versions:
        raise AwsError.because(
            f"it has no version in {region.name} (it is called {layer.name} there)",
            advice=("publish first: attach sets layers that are there, and builds none",),
        )
    return versions


def _with_digest(region: Region, layer: Layer, digest: str) -> ChosenVersion:
    """Find the newest version that has a digest; what was published may be listed late."""
    seen: dict[str, str] = {}
    for seconds in LOOK_DELAYS:
        region.catalog.wait(seconds)
        for version in _listed(region, layer)[:_MOST_LOOKED_AT]:
            if version.arn not in seen:
                seen[version.arn] = _read(region, version.arn, may_be_withheld=False).sha256
            if seen[version.arn] == digest:
                if problem := mismatch(layer, version, version.arn):
                    raise problem
                return ChosenVersion(arn=version.arn, named=True)
    raise AwsError.because(
        f"none of its newest {len(seen)} versions in {region.name} is the zip of input digests",
        details=(f"sha256 {digest}", *(f"{arn} has {sha256}" for arn, sha256 in seen.items())),
        advice=("publish that zip first, or hand on the digests of the publish that is meant",),
    )


def not_behind(
    region: Region, chosen: ChosenVersion, has: Sequence[str]
) -> tuple[ChosenVersion, str]:
    """Take the version that a function has where that is newer than what AWS lists.

    Gives what to say of it, too. Where the newer one was deleted, that is told.
    """
    listed = LayerVersionArn.parse(chosen.arn)
    parsed = [LayerVersionArn.parse(arn) for arn in has]
    newer = [one.number for one in parsed if one.layer == listed.layer]
    if chosen.named or not newer or max(newer) <= listed.number:
        return chosen, _unstamped(chosen)
    arn = f"{listed.layer}:{max(newer)}"
    try:
        region.catalog.version(listed.layer, max(newer))
    except AwsError as error:
        if error.code == NOT_THERE:
            return chosen, f"{arn} was deleted: {chosen.arn} is the newest"
        said = f"{arn} is newer than what AWS lists, and may not be read: it stays"
        return ChosenVersion(arn=arn, named=False), said
    return ChosenVersion(arn=arn, named=False), f"{arn} is there, and AWS does not list it yet"


def _unstamped(chosen: ChosenVersion) -> str:
    if not chosen.ours:
        return ""
    number = LayerVersionArn.parse(chosen.ours).number
    return (
        f"{chosen.arn} has no stamp: no publish of this manifest made it, and nobody can tell who did;"
        f" version {number} is this manifest's newest"
    )


def mismatch(layer: Layer, version: LayerVersion | VersionSummary, what: str) -> AwsError | None:
    """Say that a version is for other targets than its layer, if it says so itself."""
    is_for = (
        not version.runtimes or layer.target.runtime in version.runtimes,
        not version.architectures or layer.target.architecture in version.architectures,
    )
    if all(is_for):
        return None
    targets = ", ".join((*sorted(version.runtimes), *sorted(version.architectures)))
    return AwsError.because(
        f"{what} is not for {layer.target.runtime} on {layer.target.architecture}",
        details=(f"{version.arn} is for {targets}",),
        advice=("publish first: the manifest has changed since, or somebody else published it",),
    )
