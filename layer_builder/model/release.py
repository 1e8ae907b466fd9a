"""Releases: what a run did with layer versions on AWS."""

from dataclasses import dataclass
from enum import StrEnum

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
    retired: tuple[DeletedVersion, ...] = ()
    kept: tuple[KeptVersion, ...] = ()
