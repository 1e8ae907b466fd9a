"""The layer: as asked for, as built, as released."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from layer_builder.delivery import Delivery
from layer_builder.errors import Place, Problem
from layer_builder.limits import Budget, Reading, Weight
from layer_builder.proof import Depth, Proof
from layer_builder.pruning import Restoration, RuleTotal
from layer_builder.resolution import HeldBack
from layer_builder.rules import Profile
from layer_builder.sdk import Sdk
from layer_builder.target import Target


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
    """The most that keeps every limit."""


@dataclass(frozen=True, kw_only=True)
class Include:
    """Files of the workspace that go into a layer."""

    source: str
    """Path relative to the manifest's directory."""
    to: str
    """Path in the layer, relative to /opt."""
    place: Place


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A requirements file that the manifest names, or a requirement written in it."""

    text: str
    place: Place


@dataclass(frozen=True, kw_only=True)
class UvProject:
    """A project whose lock, or whose own requirements, a layer takes."""

    folder: str
    """Path relative to the manifest's directory."""
    groups: tuple[str, ...]
    extras: tuple[str, ...]
    place: Place


@dataclass(frozen=True, kw_only=True)
class Layer:
    """One layer for one target, as the manifest asks for it."""

    key: str
    name: str
    """Its name on AWS."""
    target: Target
    place: Place
    requirements: tuple[Reference, ...] = ()
    packages: tuple[Reference, ...] = ()
    uv: UvProject | None = None
    include: tuple[Include, ...] = ()
    exclude: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    """Distributions (normalised names) whose sdists may be built."""
    prune: Profile = Profile.SAFE
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    bytecode: Bytecode = Bytecode.NONE
    compression: Compression = Compression.BALANCED
    strip: bool = False
    sdk: Sdk = field(default_factory=Sdk)
    proof: Depth = Depth.IMPORTS
    requires: tuple[str, ...] = ()
    """Keys of layers below this one: what they hold is not repeated here."""
    imports: tuple[Reference, ...] = ()
    """Modules to prove besides."""
    budget: Budget = field(default_factory=Budget)
    description: str = ""
    license: str = ""
    delivery: Delivery = field(default_factory=Delivery)

    shares_name: bool = False
    """Whether other targets of the layer have the same name: they must have the same content."""

    is_one_of_several: bool = False
    """Whether the layer is built for other targets, too."""

    @property
    def title(self) -> str:
        """Name it in a log: its key, and its target where there are several."""
        return f"{self.key} {self.target.label}" if self.is_one_of_several else self.key

    @property
    def stem(self) -> str:
        """Name of its files in the output dir."""
        return f"{self.name}-{self.target.label}" if self.shares_name else self.name

    @property
    def id(self) -> str:
        """Unique within the manifest: the key and the target."""
        return f"{self.key} {self.target.label}"


@dataclass(frozen=True, kw_only=True, order=True)
class Package:
    """A distribution in a layer, and the bytes of it before and after pruning."""

    name: str
    version: str
    bytes_installed: int
    bytes_kept: int
    bytes_zipped: int = 0
    """What it adds to the zip."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A finished zip."""

    path: Path
    sha256: str
    """Of the zip's bytes, in hexadecimal."""
    weight: Weight
    files: int


@dataclass(frozen=True, kw_only=True)
class Packed:
    """The bytecode in a zip."""

    mode: Bytecode = Bytecode.NONE
    files: int = 0
    bytes: int = 0
    """Unzipped."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """How an archive came to be; kept beside the zip, so that a later run can tell it too."""

    packages: tuple[Package, ...] = ()
    pruned: tuple[RuleTotal, ...] = ()
    restored: tuple[Restoration, ...] = ()
    held_back: tuple[HeldBack, ...] = ()
    proof: Proof | None = None
    """None where there was nothing to prove, or nobody wanted it."""
    bytecode: Packed = field(default_factory=Packed)
    warnings: tuple[Problem, ...] = ()
    included_bytes: int = 0
    """Bytes of files from the workspace."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall time by step."""


@dataclass(frozen=True, kw_only=True)
class Built:
    """A layer with its archive, the archive's account, and how it stands to its limits."""

    layer: Layer
    archive: Archive
    account: Account = field(default_factory=Account)
    readings: tuple[Reading, ...] = ()
    same_as: str | None = None
    """Id of the layer whose build this one shares."""
    targets: tuple[Target, ...] = ()
    """All targets that the layer version is for; its own and those with the same name."""
    parameters: tuple[str, ...] = ()
    """The SSM parameters that hold its ARN, one or more for all those targets."""
    reused: bool = False
    """Whether the zip was taken up from an earlier run."""

    @property
    def runtimes(self) -> list[str]:
        """The runtimes that its layer version is for."""
        return list(dict.fromkeys(target.runtime for target in self._all_targets))

    @property
    def architectures(self) -> list[str]:
        """The architectures that its layer version is for."""
        return list(dict.fromkeys(str(target.architecture) for target in self._all_targets))

    @property
    def _all_targets(self) -> tuple[Target, ...]:
        return self.targets or (self.layer.target,)

    @property
    def tightest(self) -> Reading:
        """The limit that it comes closest to."""
        return max(self.readings, key=lambda reading: reading.share)


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
