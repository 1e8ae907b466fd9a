"""What AWS has: layer versions, their zips, the functions that use them, the code storage."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Version:
    """A layer version as a list tells it."""

    arn: str
    number: int
    created: str
    """ISO 8601, as AWS writes it."""
    runtimes: tuple[str, ...]
    """Empty when the publisher did not say."""
    architectures: tuple[str, ...]
    """The same."""


@dataclass(frozen=True, kw_only=True)
class Content:
    """A zip that AWS keeps."""

    sha256: str
    """In hexadecimal."""
    size: int
    """Bytes of the zip."""
    location: str = field(repr=False)
    """Presigned: whoever has it can read the zip for ten minutes."""


@dataclass(frozen=True, kw_only=True)
class User:
    """A function, or a published version of one, and the layer versions it has."""

    function: str
    """Its name."""
    qualifier: str
    """`$LATEST` or a number."""
    layers: tuple[str, ...]
    """ARNs."""

    @property
    def is_published(self) -> bool:
        """Whether it is a published version, which aliases can lead to."""
        return self.qualifier != "$LATEST"


@dataclass(frozen=True, kw_only=True)
class Storage:
    """The code storage of the account in a region."""

    used: int
    """Bytes."""
    allowed: int
    """Bytes."""

    @property
    def share(self) -> float:
        """Used over allowed."""
        return self.used / self.allowed
