"""Measures what zips unzip to: no API tells it, so it is known, declared, or read from the zip."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from layer_builder.archive.output_dir import OutputDir
from layer_builder.archive.remote import UnreadableZipError
from layer_builder.attach.plan import Size
from layer_builder.aws.api import Region
from layer_builder.errors import AwsError
from layer_builder.model.layer import Layer
from layer_builder.model.release import FunctionState, LayerContent
from layer_builder.model.stack import Stack

CODE = "the function's code"


Measure = Callable[[str], int]
"""Says what the zip at an address unzips to, in bytes; raises UnreadableZipError."""


@dataclass(frozen=True, kw_only=True)
class SizeLookup:
    """Unzipped sizes, each found out once."""

    built: Mapping[str, int]
    """By the sha256 of zips in the output dir."""
    declared: Mapping[str, int]
    """By ARN: what the manifest says of other people's layers."""
    measure: Measure
    weighed: dict[str, Size] = field(default_factory=dict)

    def layer(self, region: Region, arn: str) -> Size:
        """Weigh a layer version; its size is None where it cannot be known."""
        if arn not in self.weighed:
            self.weighed[arn] = self._layer(region, arn)
        return self.weighed[arn]

    def code(self, function: FunctionState) -> Size:
        """Weigh the code of a function."""
        name = f"{function.name} {function.code.sha256}"
        if name not in self.weighed:
            self.weighed[name] = self.zip(CODE, function.code)
        return self.weighed[name]

    def _layer(self, region: Region, arn: str) -> Size:
        if arn in self.declared:
            return Size(name=arn, size=self.declared[arn], source="declared in external:")
        try:
            content = region.catalog.content(arn)
        except AwsError as error:
            first = error.problems[0]
            return Size(name=arn, size=None, source=": ".join((first.message, *first.details)))
        return self.zip(arn, content)

    def zip(self, name: str, content: LayerContent) -> Size:
        """Weigh a zip, by its digest or where it lies."""
        if content.sha256 in self.built:
            size = self.built[content.sha256]
            return Size(name=name, size=size, source="the same zip is in the output dir")
        try:
            size = self.measure(content.location)
        except UnreadableZipError as error:
            return Size(name=name, size=None, source=str(error))
        return Size(name=name, size=size, source="the directory of its zip")


def known_sizes(
    layers: Iterable[Layer], stacks: Iterable[Stack], output_dir: OutputDir, measure: Measure
) -> SizeLookup:
    """Begin with what is known without asking AWS."""
    shelved = [found for layer in layers if (found := output_dir.find(layer.stem))]
    return SizeLookup(
        built={record.sha256: record.weight.unzipped_bytes for record, _ in shelved},
        declared={
            external.arn: external.unzipped_bytes for stack in stacks for external in stack.external
        },
        measure=measure,
    )
