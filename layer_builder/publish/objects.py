"""The objects that `s3: {mode: reference}` left in a bucket: they go with the versions that had them.

Lambda reads such an object as long as its layer version lives, and nobody reads it afterwards:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-self-managed-storage.html
"""

from collections.abc import Iterable, Mapping

from layer_builder import parallel
from layer_builder.aws import Region
from layer_builder.console import Reporter
from layer_builder.errors import AwsError, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import LayerContent, Releasable, StoredObject, VersionSummary
from layer_builder.publish.region_state import AT_ONCE


def is_ours(name: str, content: LayerContent) -> bool:
    """Tell whether an object is one that this program put there for a version of the layer."""
    stored = content.stored
    return stored is not None and f"/{stored.key}".endswith(f"/{name}/{content.sha256}.zip")


@dataclass(frozen=True, kw_only=True)
class Referred:
    """The objects that versions refer to, by the version's ARN."""

    ours: Mapping[str, StoredObject]
    """Those that this program put there."""
    others: Mapping[str, StoredObject]
    """Those that somebody named otherwise: they stay."""


@dataclass(frozen=True, kw_only=True)
class Objects:
    """The objects of one layer's versions in a region."""

    region: Region
    name: str
    """What the layer is called on AWS."""
    reporter: Reporter
    built: Releasable | None = None
    """None for a layer that the manifest has no more."""

    def of(self, versions: Iterable[VersionSummary]) -> Referred:
        """Read which objects versions refer to. Raises AwsError."""
        ours: dict[str, StoredObject] = {}
        others: dict[str, StoredObject] = {}
        for arn, content in self._contents(versions).items():
            if content.stored:
                (ours if is_ours(self.name, content) else others)[arn] = content.stored
        return Referred(ours=ours, others=others)

    def discard(self, referred: Mapping[str, StoredObject]) -> tuple[str, ...]:
        """Remove the objects that deleted versions referred to, and no other version does.

        Gives their addresses; what cannot be removed is warned of.
        """
        gone: list[str] = []
        try:
            versions = self.region.catalog.versions(self.name)
            left = {content.stored for content in self._contents(versions).values()}
            for stored in dict.fromkeys(referred.values()):
                if stored not in left:
                    self.region.versions.discard(stored, self.built)
                    gone.append(str(stored))
        except AwsError as error:
            stay = [str(stored) for stored in referred.values() if str(stored) not in gone]
            self.reporter.warn(self._staying(stay, error))
        return tuple(gone)

    def _contents(self, versions: Iterable[VersionSummary]) -> dict[str, LayerContent]:
        arns = [version.arn for version in versions]
        found = parallel.each(self.region.catalog.content, arns, AT_ONCE)
        return dict(zip(arns, found, strict=True))

    def _staying(self, addresses: Iterable[str], error: AwsError) -> Problem:
        first, *_ = error.problems
        return Problem(
            message=f"objects of deleted versions stay in the bucket: {first.message}",
            layer=self.built.layer.key if self.built else None,
            details=(*dict.fromkeys(addresses), *first.details),
            advice=(
                "it takes lambda:GetLayerVersion on the versions and s3:DeleteObjectVersion on the"
                " objects, as in docs/iam/retention-s3-reference.json",
                "nothing refers to them any more: remove them by hand",
            ),
        )
