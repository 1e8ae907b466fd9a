"""The layer as the manifest asks for it."""

from dataclasses import field
from pathlib import Path

from layer_builder.errors import Place
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model.limits import Budget
from layer_builder.model.settings import (
    Bytecode,
    Compression,
    Delivery,
    LicencePolicy,
    ProofDepth,
    PruneProfile,
    Sdk,
)
from layer_builder.model.target import Target


@dataclass(frozen=True, kw_only=True)
class Include:
    """Files of the workspace that go into a layer."""

    source: str
    """Path relative to the manifest's directory."""
    to: str
    """Path in the layer, relative to /opt."""
    place: Place


@dataclass(frozen=True, kw_only=True)
class FileToInclude:
    """One file of the workspace to put into a layer."""

    path: str
    """Path in the layer, relative to /opt."""
    source: Path
    executable: bool


@dataclass(frozen=True, kw_only=True)
class Reference:
    """A requirements file, a requirement, a distribution or a module that the manifest names."""

    text: str
    place: Place


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project whose lock, or whose own requirements, a layer takes."""

    path: str
    """Its folder, or its lock, relative to the manifest's directory."""
    place: Place
    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()


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
    project: Project | None = None
    variables: tuple[str, ...] = ()
    """Names of environment variables that its requirements may take values from."""
    include: tuple[Include, ...] = ()
    exclude: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    """Distributions (normalised names) whose sdists may be built."""
    prune: PruneProfile = PruneProfile.SAFE
    keep: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    bytecode: Bytecode = Bytecode.NONE
    compression: Compression = Compression.BALANCED
    strip: bool = False
    sdk: Sdk = field(default_factory=Sdk)
    proof: ProofDepth = ProofDepth.IMPORTS
    unisolated: bool = False
    """Whether its proof may run where the system isolates nothing."""
    allow_failing: tuple[Reference, ...] = ()
    """Distributions (normalised names) of which nothing has to import."""
    requires: tuple[str, ...] = ()
    """Keys of layers below this one: what they hold is not repeated here."""
    imports: tuple[Reference, ...] = ()
    """Modules to prove besides."""
    budget: Budget = field(default_factory=Budget)
    description: str = ""
    license: str = ""
    licences: LicencePolicy = field(default_factory=LicencePolicy)
    """What may be in it."""
    omits_architectures: bool = False
    """Whether its versions do not say which architectures they are for."""
    adopt: bool = False
    """Whether its name on AWS is taken over from another owner, with the versions that are there."""
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
