"""The words that users type in a manifest: what to prune, prove, compress, keep, share."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from layer_builder.errors import Place
from layer_builder.lazy_dataclasses import dataclass


class Compression(StrEnum):
    """How much time the archive may take for how few bytes."""

    FAST = "fast"
    BALANCED = "balanced"
    BEST = "best"


class Bytecode(StrEnum):
    """Which modules have their bytecode packed beside them."""

    NONE = "none"
    IMPORTED = "imported"
    """Those that importing the top-level modules, and those of `imports:`, was seen to load."""
    ALL = "all"
    AUTO = "auto"
    """Those that the layer's functions load, where all were tried; else the most that keeps every limit."""


class PruneProfile(StrEnum):
    """How hard to prune."""

    OFF = "off"
    SAFE = "safe"
    AGGRESSIVE = "aggressive"


class ProofDepth(StrEnum):
    """How much to prove."""

    IMPORTS = "imports"
    """Every top-level module and the level below it, and the entry points."""
    DEEP = "deep"
    """Every module."""
    STATIC = "static"
    """From the files alone; nothing is run."""
    OFF = "off"


class SdkPolicy(StrEnum):
    """What becomes of the SDK."""

    BUNDLE = "bundle"
    RUNTIME = "runtime"
    SERVICES = "services"
    AUTO = "auto"
    """Those services whose clients the code makes."""


@dataclass(frozen=True, kw_only=True)
class LicencePolicy:
    """Which licences may be in a layer: SPDX identifiers, patterns of them, or `unknown`."""

    allow: tuple[str, ...] = ()
    """Where there are some, these alone."""
    deny: tuple[str, ...] = ()
    place: Place | None = None

    def __bool__(self) -> bool:
        """Tell whether there is anything to hold to."""
        return bool(self.allow or self.deny)

    @property
    def key(self) -> list[list[str]]:
        """What of it decides, JSON-ready."""
        return [sorted(self.allow), sorted(self.deny)]


@dataclass(frozen=True, kw_only=True)
class Sdk:
    """A layer's choice."""

    policy: SdkPolicy = SdkPolicy.BUNDLE
    services: tuple[str, ...] = ()
    """With `SERVICES`: whose data stays."""


class S3Mode(StrEnum):
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

    @property
    def names(self) -> tuple[str, ...]:
        """Those who may, as reports name them."""
        who = [f"account {account}" for account in self.accounts]
        who += [f"organization {self.organization}"] if self.organization else []
        return (*who, *(["everybody"] if self.public else []))


@dataclass(frozen=True, kw_only=True)
class Retention:
    """How many layer versions stay."""

    versions: int
    """At least 1: the newest is never deleted."""
    days: int = 0
    """Younger ones stay, too."""
    shared_days: int = 0
    """Those that others may use stay until they are so old; 0: for good."""


VERSION_FIELD, CONTENT_FIELD = "{version}", "{content}"
"""What in a parameter's name tells versions apart: their number, the content part of their stamp."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """All of it, for one layer."""

    permissions: Permissions | None = None
    """None leaves the policy of a version as it is."""
    retention: Retention | None = None
    """None deletes nothing."""
    parameters: tuple[str, ...] = ()
    """Names of the SSM parameters that hold the ARN; `VERSION_FIELD` and `CONTENT_FIELD` are filled in
    when there is a version."""
    mode: S3Mode = S3Mode.COPY
    removes_object: bool = False
    """Whether the object in the bucket goes when Lambda has copied it."""


OSV = "https://api.osv.dev"
"""The public database, https://google.github.io/osv.dev/api/."""


@dataclass(frozen=True, kw_only=True)
class AuditPolicy:
    """Whom to ask, and what an answer does."""

    fails: bool = False
    """Whether what is known, or could not be asked, ends the run; else it is a warning."""
    ignore: frozenset[str] = frozenset()
    """Ids that somebody has looked at."""
    database: str = OSV
    """An address, or the path of a file in the workspace, in its one spelling."""
    is_file: bool = False
    place: Place | None = None


@dataclass(frozen=True, kw_only=True)
class Vulnerable:
    """A distribution of which vulnerabilities are known."""

    name: str
    version: str
    ids: tuple[str, ...]
    """Those that count: one for each hole."""
    ignored: tuple[str, ...] = ()
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The other names of a hole, by its id, as far as the database tells them."""
    layers: tuple[str, ...] = ()
    """Keys of the layers that it is in."""


@dataclass(frozen=True, kw_only=True)
class Audited:
    """What a database was asked, and what it knew."""

    database: str
    why_not: str = ""
    """Why there is no answer; empty where there is one."""
    about: str = ""
    """Of a file: how many records it has, and how old the newest is."""
    distributions: int = 0
    """How many it was asked about."""
    vulnerable: tuple[Vulnerable, ...] = ()
