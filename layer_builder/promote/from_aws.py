"""Finished versions that are on AWS: read, fetched, and held to the digest that AWS has of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from layer_builder import parallel
from layer_builder.archive import OutputDir, UnreadableZipError
from layer_builder.aws import Connect, Region
from layer_builder.errors import AwsError, ManifestError, Problem, did_you_mean
from layer_builder.handoff import NamedVersion
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import (
    Architecture,
    Archive,
    LayerContent,
    LayerVersion,
    LayerVersionArn,
    Python,
    Target,
)
from layer_builder.promote.finished import Finished

_AT_ONCE = 4
"""Zips that are fetched at the same time."""


_TRIES = 4
_PAUSE_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Fetcher:
    """Fetches layer versions into an output directory."""

    connect: Connect
    """Opens a region with the credentials that may read there."""
    output_dir: OutputDir
    digests: Mapping[str, str]
    """SHA-256 in hexadecimal by the stem of a zip: what the versions must hold."""
    say: Callable[[str, str], None]
    """Hears of a layer in a line."""

    def fetch(self, versions: Sequence[NamedVersion]) -> list[Finished]:
        """Fetch versions, of each name one: a version with several keys is fetched once.

        Raises AwsError, and ManifestError where a digest is another.
        """
        by_arn = {one.arn: one for one in versions}
        fetched = dict(
            zip(by_arn, parallel.each(self._fetch, by_arn.values(), _AT_ONCE), strict=True)
        )
        return [self._finished(named, *fetched[named.arn]) for named in versions]

    def _fetch(self, named: NamedVersion) -> tuple[LayerVersion, Archive]:
        arn = LayerVersionArn.parse(named.arn)
        region = self.connect(arn.region)
        version, content = region.catalog.version(arn.layer, arn.number)
        said = [("digests", self.digests.get(stem)) for stem in _stems_of(named.name)]
        for source, digest in (("arns", named.sha256), *said):
            if digest and digest != version.sha256:
                raise ManifestError.because(
                    f"{named.arn} is not the version that input {source} means: its zip is another",
                    details=(f"sha256 expected: {digest}", f"sha256 on AWS:   {version.sha256}"),
                )
        if not version.sha256:
            raise AwsError.because(f"AWS does not say what {named.arn} holds")
        if self.output_dir.sha256(named.name) != version.sha256:
            self._download(region, named, content)
        return version, archive_in(self.output_dir, named.name, version.sha256)

    def _finished(self, named: NamedVersion, version: LayerVersion, archive: Archive) -> Finished:
        key = named.key or named.name
        self.say(key, f"{named.arn}, sha256 {version.sha256}")
        return Finished(
            key=key,
            label=named.label,
            name=named.name,
            version=version,
            archive=archive,
            source=named.arn,
        )

    def _download(self, region: Region, named: NamedVersion, content: LayerContent) -> None:
        """Download the zip; its address is good for ten minutes, and read anew for each try.

        https://docs.aws.amazon.com/lambda/latest/api/API_LayerVersionContentOutput.html
        """
        arn = LayerVersionArn.parse(named.arn)
        reasons = []
        for attempt in range(_TRIES):
            if attempt:
                region.catalog.wait(_PAUSE_SECONDS)
                _, content = region.catalog.version(arn.layer, arn.number)
            try:
                found = self.output_dir.fetch(named.name, content.location, content.sha256)
            except UnreadableZipError as error:
                reasons.append(str(error))
                continue
            if found == content.sha256:
                return
            reasons.append(f"its sha256 is {found}, and AWS says {content.sha256}")
        raise AwsError.because(
            f"the zip of {named.arn} could not be fetched",
            details=tuple(dict.fromkeys(reasons)),
            advice=("promote from the output dir of its publish, with its digests",),
        )


def _stems_of(name: str) -> list[str]:
    """Name the zips of a layer, by its name on AWS: that of all its targets, and those of each."""
    targets = (Target(python=one, architecture=other) for one in Python for other in Architecture)
    return [name, *(f"{name}-{target.label}" for target in targets)]


def without_digest(
    versions: Sequence[NamedVersion], digests: Mapping[str, str]
) -> Iterator[Problem]:
    """Say which versions no digest is of, nor a report's; a publish has none of what it did not build.

    Digests may be of other layers, too.
    """
    stems = {one.name: _stems_of(one.name) for one in versions}
    strays = digests.keys() - {stem for of_name in stems.values() for stem in of_name}
    for one in {one.name: one for one in versions}.values():
        if not one.sha256 and digests.keys().isdisjoint(stems[one.name]):
            yield Problem(
                message=f"input digests has none of {one.name}: {one.arn} is held against what AWS says"
                " of it alone",
                layer=one.key or None,
                advice=(
                    *did_you_mean(one.name, strays),
                    "a publish hands on no digest of what it did not build: rebuild does",
                ),
            )


def archive_in(output_dir: OutputDir, stem: str, sha256: str) -> Archive:
    """Weigh a zip of an output directory. Raises ManifestError for what is no zip."""
    try:
        return output_dir.weigh(stem, sha256)
    except (OSError, ValueError) as error:
        path = output_dir.zip_path(stem)
        raise ManifestError.because(f"{path} is no zip: {error}") from None
