"""What AWS has: layer versions, the functions that use them, the storage they take, who asks."""

import re
from collections.abc import Collection, Iterable
from dataclasses import field

from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model.build import Built, Releasable
from layer_builder.model.stamp import Stamp

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_CALLER_ARN = re.compile(r"arn:(?P<partition>[^:]*):(?:sts|iam)::\d*:(?P<resource>.*)")
_ROLE = re.compile(r"assumed-role/(?P<role>.+)/(?P<session>[^/]+)")


@dataclass(frozen=True, kw_only=True)
class LayerVersionArn:
    """The ARN of a layer version, in its parts.

    `arn:PARTITION:lambda:REGION:ACCOUNT:layer:NAME:NUMBER`, as in LayerVersionArn of
    https://docs.aws.amazon.com/lambda/latest/api/API_PublishLayerVersion.html. A function may also
    have one of AWS's own, `arn:aws:lambda:::awslayer:NAME`, which has no number.
    """

    layer: str
    """The ARN of the layer: all but the number."""
    version: str
    """Decimal digits, but for AWS's own."""

    @classmethod
    def parse(cls, arn: str) -> "LayerVersionArn":
        """Take an ARN apart.

        >>> LayerVersionArn.parse("arn:aws:lambda:eu-west-1:123456789012:layer:core:7").layer
        'arn:aws:lambda:eu-west-1:123456789012:layer:core'
        """
        layer, _, version = arn.rpartition(":")
        return cls(layer=layer, version=version)

    @property
    def number(self) -> int:
        """The version's number. Raises ValueError for a layer of AWS's own."""
        return int(self.version)

    @property
    def region(self) -> str:
        """Such as `eu-west-1`; empty for a layer of AWS's own."""
        _, _, _, region, *_ = self.layer.split(":")
        return region

    @property
    def account(self) -> str:
        """12 digits; empty for a layer of AWS's own."""
        _, _, _, _, account, *_ = self.layer.split(":")
        return account

    def sibling(self, name: str) -> str:
        """Give the ARN of another layer of this account and region."""
        return f"{self.layer.rpartition(':')[0]}:{name}"


def layer_arn_of(arn: str) -> str:
    """Give the ARN of the layer that a layer version is of."""
    return LayerVersionArn.parse(arn).layer


def _suit(architectures: Collection[str], wanted: Releasable) -> bool:
    """Tell whether a version says what is wanted of architectures.

    One that says nothing is as good: some regions take no such word, and nobody can tell from the
    version whether its region does.
    """
    return not (architectures and wanted.architectures) or set(architectures) == set(
        wanted.architectures
    )


@dataclass(frozen=True, kw_only=True)
class VersionSummary:
    """A layer version as a list tells it."""

    arn: str
    number: int
    created: str
    """ISO 8601, as AWS writes it."""
    runtimes: tuple[str, ...]
    """Empty when the publisher did not say."""
    architectures: tuple[str, ...]
    """The same."""
    description: str = ""
    """With its stamp."""
    license: str = ""

    @property
    def stamp(self) -> Stamp | None:
        """Who made it, from what; None when it does not say."""
        return Stamp.parse(self.description)[1]

    def is_described_as(self, wanted: Releasable) -> bool:
        """Tell whether it is for the same targets, under the same words; stamps are left out."""
        return (
            set(self.runtimes) == set(wanted.runtimes)
            and _suit(self.architectures, wanted)
            and Stamp.parse(self.description)[0] == wanted.layer.description
            and wanted.is_licensed_as(self.license)
        )


def newest_stamped(newest_first: Iterable[VersionSummary]) -> VersionSummary | None:
    """Find the version that decides whose a name is; None where none has a stamp.

    One without a stamp on top of it takes the name from nobody.
    """
    return next((version for version in newest_first if version.stamp), None)


@dataclass(frozen=True, kw_only=True)
class StoredObject:
    """An object that Lambda keeps referring to."""

    bucket: str
    key: str
    version: str

    def __str__(self) -> str:
        """Write its address, with its version as a query."""
        return f"s3://{self.bucket}/{self.key}?versionId={self.version}"


@dataclass(frozen=True, kw_only=True)
class LayerContent:
    """A zip that AWS keeps."""

    sha256: str
    """In hexadecimal."""
    size: int
    """Bytes of the zip."""
    location: str = field(repr=False)
    """Presigned: whoever has it can read the zip for ten minutes."""
    stored: StoredObject | None = None
    """Where it lies, with `s3: {mode: reference}`; None for one that Lambda has a copy of."""


@dataclass(frozen=True, kw_only=True)
class LayerUser:
    """A function, or a published version of one, and the layer versions it has."""

    function: str
    """Its name."""
    qualifier: str
    """`$LATEST` or a number."""
    layers: tuple[str, ...]
    """ARNs."""

    @property
    def order(self) -> tuple[str, int]:
        """Sorts users by function, what is not published yet before its versions, these by number."""
        return self.function, int(self.qualifier) if self.qualifier.isdigit() else 0

    @property
    def is_published(self) -> bool:
        """Whether it is a published version, which aliases can lead to."""
        return self.qualifier != "$LATEST"


@dataclass(frozen=True, kw_only=True)
class ParameterValue:
    """What a parameter holds, or held."""

    name: str
    value: str = ""
    number: int = 0
    """How many values it had with this one; 0 for a parameter that is not there."""


@dataclass(frozen=True, kw_only=True)
class CodeStorage:
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
class FunctionState:
    """A function as AWS tells it: what is not published yet, `$LATEST`."""

    name: str
    runtime: str
    """Empty for a container image."""
    architecture: str
    is_image: bool
    layers: tuple[str, ...]
    """ARNs of layer versions, in their order."""
    code: LayerContent
    revision: str
    """Changes with every change of the function; empty where AWS does not tell."""
    failed: str
    """Why its last update failed, empty if it did not."""
    is_settled: bool
    """Whether no update is under way."""
    serves_snapshots: bool = False
    """Whether SnapStart is on: it serves published versions, and `$LATEST` to nobody."""
    broken: str = ""
    """Why it cannot be called: its state is Failed. Empty where it can, or can be soon."""


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
    """With its stamp."""
    license: str

    @classmethod
    def of(cls, version: VersionSummary) -> "LayerVersion":
        """Take what a list tells: all but the digest."""
        return cls(
            arn=version.arn,
            version=version.number,
            sha256="",
            runtimes=frozenset(version.runtimes),
            architectures=frozenset(version.architectures),
            description=version.description,
            license=version.license,
        )

    @property
    def stamp(self) -> Stamp | None:
        """Who made it, from what; None when it does not say."""
        return Stamp.parse(self.description)[1]

    def holds(self, built: Built) -> bool:
        """Tell whether publishing this build would change nothing.

        Whose it is counts; from which commit, or by which content key it came to these bytes, does
        not.
        """
        layer, (text, stamp) = built.layer, Stamp.parse(self.description)
        return (
            self.sha256 == built.archive.sha256
            and self.runtimes == set(built.runtimes)
            and _suit(self.architectures, built)
            and text == layer.description
            and built.is_licensed_as(self.license)
            and (built.stamp is None or bool(stamp and stamp.owner == built.stamp.owner))
        )


@dataclass(frozen=True, kw_only=True)
class Caller:
    """What GetCallerIdentity says of the credentials.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """

    account: str
    """12 digits."""
    arn: str
    """Empty where AWS did not say it."""

    @property
    def partition(self) -> str:
        """Such as `aws` or `aws-cn`; empty where it is not known."""
        match = _CALLER_ARN.match(self.arn)
        return match["partition"] if match else ""

    def __str__(self) -> str:
        """Name the role with its session, or the user.

        >>> str(Caller(account="1" * 12, arn="arn:aws:sts::111111111111:assumed-role/ci/run-7"))
        'role ci (session run-7)'
        """
        match = _CALLER_ARN.match(self.arn)
        if match is None:
            return "an identity that AWS does not name"
        role = _ROLE.fullmatch(match["resource"])
        if role:
            return f"role {role['role']} (session {role['session']})"
        return match["resource"].replace("/", " ", 1)
