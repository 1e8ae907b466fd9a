"""What a layer's newest version on AWS is, read from the directory of its zip."""

from collections.abc import Callable
from dataclasses import replace

from layer_builder.archive import RemoteZips, UnreadableZipError
from layer_builder.aws import Region, grantee_name, policy_change
from layer_builder.changes import LayerSnapshot, read_snapshot
from layer_builder.errors import AwsError, LayerBuilderError
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import (
    UNPROVEN,
    Built,
    Layer,
    LayerContent,
    Permissions,
    Stamp,
    VersionSummary,
)


@dataclass(frozen=True, kw_only=True)
class PublishedLayers:
    """The layers of a region, as far as they may be read."""

    region: Region
    newest: Callable[[str], VersionSummary | None]
    """Gives the newest version by a layer's name."""
    zips: RemoteZips

    def find(
        self, layer: Layer, now: LayerSnapshot, built: Built | None
    ) -> tuple[LayerSnapshot | None, tuple[str, ...]]:
        """Read what a layer was, None where there is no version; and what could not be read, and why.

        The zip is read only where its digest is another than that of the layer now. Raises AwsError
        where not even its versions may be listed.
        """
        version = self.newest(layer.name)
        if version is None:
            return None, ()
        was = LayerSnapshot(
            source=version.arn,
            runtimes=version.runtimes or None,
            architectures=version.architectures or None,
            content=_content_of(version.stamp),
        )
        unknown: list[str] = []
        if now.permissions is not None:
            was, lacking = self._with_permissions(layer, version, was)
            unknown += lacking
        if built is None and now.content and now.content == was.content:
            # Its stamp tells: nothing more is read.
            same = replace(was, parts=now.parts, zip_bytes=now.zip_bytes)
            return replace(same, unzipped_bytes=now.unzipped_bytes), tuple(unknown)
        try:
            content = self.region.catalog.content(version.arn)
        except AwsError as error:
            return was, (*unknown, f"{version.arn}: {_said(error)}")
        was = replace(was, sha256=content.sha256, zip_bytes=content.size)
        if content.sha256 == now.sha256:
            return replace(was, parts=now.parts, unzipped_bytes=now.unzipped_bytes), tuple(unknown)
        was, lacking = self._with_contents(version, content, built, was)
        return was, (*unknown, *lacking)

    def _with_permissions(
        self, layer: Layer, version: VersionSummary, was: LayerSnapshot
    ) -> tuple[LayerSnapshot, list[str]]:
        try:
            policy = self.region.policies.read(layer.name, version.number)
            ours = policy_change(Permissions(), policy).remove
        except (AwsError, ValueError, TypeError) as error:
            return was, [f"who may use {version.arn}: {_said(error)}"]
        return replace(was, permissions=tuple(map(grantee_name, ours))), []

    def _with_contents(
        self,
        version: VersionSummary,
        content: LayerContent,
        built: Built | None,
        was: LayerSnapshot,
    ) -> tuple[LayerSnapshot, list[str]]:
        try:
            with self.zips.opened(content.location) as file:
                found = read_snapshot(file, built.details.packages if built else ())
        except (UnreadableZipError, ValueError, OSError) as error:
            return was, [f"what is in {version.arn}: {_said(error)}"]
        return replace(was, parts=found.parts, unzipped_bytes=found.unzipped_bytes), []


def _content_of(stamp: Stamp | None) -> str | None:
    """Give the content mark of a version; None where it is that of zips which another job built."""
    if stamp is None or stamp.proofs == (UNPROVEN, UNPROVEN):
        return None
    return stamp.content


def _said(error: Exception) -> str:
    if isinstance(error, LayerBuilderError):
        first = error.problems[0]
        return next(iter(first.details), first.message)
    return str(error) or type(error).__name__
