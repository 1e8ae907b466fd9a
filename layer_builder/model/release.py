"""What AWS has: layer versions, their zips, the functions that use them, the code storage."""

from dataclasses import dataclass, field

from layer_builder.layer import Built


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


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function as AWS tells it: what is not published yet, `$LATEST`."""

    name: str
    runtime: str
    """Empty for a container image."""
    architecture: str
    is_image: bool
    layers: tuple[str, ...]
    """ARNs of layer versions, in their order."""
    code: Content
    revision: str
    """Changes with every change of the function; empty where AWS does not tell."""
    failed: str
    """Why its last update failed, empty if it did not."""
    is_settled: bool
    """Whether no update is under way."""


@dataclass(frozen=True, kw_only=True)
class LayerVersion:
    """A published layer version, as AWS tells it."""

    arn: str
    version: int
    sha256: str
    """Of the zip, in hexadecimal (AWS gives it in base64)."""
    runtimes: frozenset[str]
    architectures: frozenset[str]
    description: str
    license: str

    def holds(self, built: Built) -> bool:
        """Tell whether publishing this build would change nothing."""
        layer = built.layer
        return (
            self.sha256 == built.archive.sha256
            and self.runtimes == set(built.runtimes)
            and self.architectures == set(built.architectures)
            and self.description == layer.description
            and self.license == layer.license
        )
