"""The delivery: what is to become of a layer version on AWS besides being there."""

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """How Lambda takes a zip out of a bucket; S3ObjectStorageMode in the API.

    https://docs.aws.amazon.com/lambda/latest/api/API_LayerVersionContentInput.html
    """

    COPY = "copy"
    """Lambda makes its own copy; the object may go."""
    REFERENCE = "reference"
    """Lambda reads the object as long as the layer version lives."""


@dataclass(frozen=True, kw_only=True)
class Permissions:
    """Who besides the own account may use a layer version."""

    accounts: tuple[str, ...] = ()
    """Of 12 digits each."""
    organization: str = ""
    public: bool = False


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How many layer versions stay."""

    versions: int
    """At least 1: the newest is never deleted."""
    days: int = 0
    """Younger ones stay, too."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """All of it, for one layer."""

    permissions: Permissions | None = None
    """None leaves the policy of a version as it is."""
    retention: Retention | None = None
    """None deletes nothing."""
    parameter: str = ""
    """Name of the SSM parameter that holds the ARN; empty for none."""
    mode: Mode = Mode.COPY
    removes_object: bool = False
    """Whether the object in the bucket goes when Lambda has copied it."""


@dataclass(frozen=True, kw_only=True)
class Retired:
    """A layer version that went, or in a dry run would go."""

    arn: str
    created: str
    """ISO 8601, as AWS writes it."""


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A layer version that its number alone would have let go, and why it stays."""

    arn: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Handover:
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
    retired: tuple[Retired, ...] = ()
    kept: tuple[Kept, ...] = ()
