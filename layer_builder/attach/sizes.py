"""Measures what zips unzip to: no API tells it, so it is known, declared, or read from the zip."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field

from layer_builder.archive import OutputDir, UnreadableZipError
from layer_builder.aws import Region
from layer_builder.errors import AwsError, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import (
    FunctionState,
    Layer,
    LayerContent,
    LimitReading,
    Stack,
    mib,
    unzipped_limit,
)

CODE = "the function's code"


Measure = Callable[[str], int]
"""Says what the zip at an address unzips to, in bytes; raises UnreadableZipError."""


@dataclass(frozen=True, kw_only=True)
class Size:
    """What one zip takes of the room that a function and its layers share."""

    name: str
    """ARN of the layer version, or `the function's code`."""
    size: int | None
    """Bytes unzipped; None when that cannot be known."""
    source: str
    """Where the number is from, or why there is none."""


@dataclass(frozen=True, kw_only=True)
class FunctionSize:
    """A function's code and its layers-to-be against the limit that they share."""

    parts: tuple[Size, ...]

    @property
    def known(self) -> int:
        """Unzipped bytes of all parts that are known."""
        return sum(part.size or 0 for part in self.parts)

    @property
    def unknown(self) -> tuple[Size, ...]:
        """The parts whose size cannot be known; AWS counts them, too."""
        return tuple(part for part in self.parts if part.size is None)

    @property
    def reading(self) -> LimitReading:
        """What is known against AWS's limit."""
        return LimitReading(limit=unzipped_limit(), used=self.known)

    def __str__(self) -> str:
        """Say in a line what code and layers unzip to, and what is not counted."""
        if len(self.unknown) == len(self.parts):
            return f"what code and layers unzip to is not known ({self._why()})"
        text = f"code and layers unzip to {mib(self.known)}, {self.reading.share:.0%} of 250 MiB"
        return f"{text}, without what is not known ({self._why()})" if self.unknown else text

    def _why(self) -> str:
        return "; ".join(f"{part.name}: {part.source}" for part in self.unknown)

    def problem(self) -> Problem | None:
        """Say why AWS would refuse the layers, if so."""
        if not self.reading.is_over:
            return None
        lines = [
            f"{mib(part.size):>10}  {part.name}" for part in self.parts if part.size is not None
        ]
        lines += [f"{'?':>10}  {part.name}: {part.source}" for part in self.unknown]
        return Problem(
            message=f"its code and layers would unzip to {mib(self.known)},"
            f" {mib(-self.reading.headroom)} over the {mib(self.reading.limit.allowed)} that AWS"
            " allows a function and all its layers",
            details=tuple(lines),
            advice=(
                "detach a layer, or shrink the function's code; a build says what would take how much"
                " off each layer",
                "what cannot fit 250 MiB runs as a container image (10 GiB)",
            ),
        )


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
    kept = [entry for layer in layers if (entry := output_dir.find(layer.stem))]
    return SizeLookup(
        built={archive.sha256: archive.weight.unzipped_bytes for _, archive in kept},
        declared={
            external.arn: external.unzipped_bytes for stack in stacks for external in stack.external
        },
        measure=measure,
    )
