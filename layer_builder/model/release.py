"""Releases: what a run did with layer versions on AWS."""

from dataclasses import field
from enum import StrEnum

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model.stamp import Stamp


class Action(StrEnum):
    """What a run did with a layer."""

    BUILT = "built"
    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    FOUND = "found"
    """Only looked up: nothing was built to hold it against."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """A layer version in one region, as AWS named it."""

    region: str
    arn: str
    version: int
    action: Action
    stamp: Stamp | None = None
    """What its description says of where it came from."""


@dataclass(frozen=True, kw_only=True)
class DeletedVersion:
    """A layer version that went, or in a dry run would go."""

    arn: str
    created: str
    """ISO 8601, as AWS writes it."""


@dataclass(frozen=True, kw_only=True)
class KeptVersion:
    """A layer version that its number alone would have let go, and why it stays."""

    arn: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Delivered:
    """What was done for a layer version in a region, besides publishing it.

    In a dry run: what would be done.
    """

    granted: tuple[str, ...] = ()
    """Who was let in."""
    revoked: tuple[str, ...] = ()
    """Who is no longer."""
    parameters: tuple[str, ...] = ()
    """Names of the SSM parameters that were written; those that held the ARN already are not."""
    object_removed: bool = False
    architectures_omitted: bool = False
    """Whether the region took no word of architectures."""
    discarded: tuple[str, ...] = ()
    """Addresses of the objects that deleted versions referred to."""
    retired: tuple[DeletedVersion, ...] = ()
    kept: tuple[KeptVersion, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FunctionVersion:
    """A published version of a function: what it runs, for good."""

    number: str
    """Decimal digits."""
    layers: tuple[str, ...]
    """ARNs of layer versions, in their order."""


@dataclass(frozen=True, kw_only=True)
class Alias:
    """An alias of a function, and the versions that its calls go to."""

    name: str
    version: str
    """Decimal digits, or `$LATEST`."""
    weights: tuple[tuple[str, float], ...] = ()
    """A second version with its share of the calls, from 0 to 1; mostly none."""
    revision: str = field(default="", compare=False)
    """Changes with every change of it; empty where AWS does not tell."""

    @property
    def versions(self) -> tuple[str, ...]:
        """All versions that it leads to."""
        return (self.version, *(version for version, _ in self.weights))

    def __str__(self) -> str:
        """Say where it leads: `4`, or `4 and 5 (10%)`."""
        return " and ".join(
            (self.version, *(f"{version} ({share:.0%})" for version, share in self.weights))
        )
