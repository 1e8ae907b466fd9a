"""The build: a layer's zip, and the account of how it came to be."""

from collections.abc import Sequence
from dataclasses import field, replace
from enum import StrEnum
from pathlib import Path
from typing import Literal, Self

from layer_builder.errors import Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model.layer import Layer
from layer_builder.model.limits import LICENSE_CHARACTERS, LimitReading, Weight
from layer_builder.model.proof import Proof
from layer_builder.model.prune_plan import KeptServices, PrunedPart, Restoration, RuleTotal
from layer_builder.model.resolution import HeldBack, Pin
from layer_builder.model.settings import CONTENT_FIELD, VERSION_FIELD
from layer_builder.model.stamp import Stamp
from layer_builder.model.target import Target


@dataclass(frozen=True, kw_only=True, order=True)
class Package:
    """A distribution in a layer, and the bytes of it before and after pruning."""

    name: str
    version: str
    bytes_installed: int
    bytes_kept: int
    bytes_zipped: int = 0
    """What it adds to the zip."""
    places: tuple[str, ...] = ()
    """The beginnings of paths below python/ that are its own, and no other distribution's."""
    wheel_sha256: str = ""
    """Of the wheel that it was installed from, in hexadecimal; empty where that is not known, and
    where it was built from sources."""


UNKNOWN_LICENCE = "unknown"
"""In a policy: the licence of a distribution that does not tell which it has."""


@dataclass(frozen=True, kw_only=True)
class Licensed:
    """A distribution in a layer, and its licence."""

    name: str
    """Normalised."""
    version: str
    expression: str = ""
    """SPDX, https://spdx.github.io/spdx-spec/v3.0.1/annexes/spdx-license-expressions/; empty where
    its metadata tells none."""
    said: str = ""
    """What the metadata says in that case."""
    requires: tuple[str, ...] = ()
    """What its metadata asks for, with markers, as written there."""


@dataclass(frozen=True, kw_only=True)
class Archive:
    """A finished zip."""

    path: Path
    sha256: str
    """Of the zip's bytes, in hexadecimal."""
    weight: Weight
    files: int
    taken: int = field(default=0, compare=False)
    """How many of them are packed as in an earlier zip of the layer, and were not packed again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LayerFile:
    """A file in a zip."""

    path: str
    """From the top of the zip: `python/…`."""
    size: int
    """Unzipped bytes."""
    checksum: int
    """CRC-32 of its content."""
    distribution: str = ""
    """Normalised; empty for the workspace's files, and where nobody can tell."""


@dataclass(frozen=True, kw_only=True)
class Advice:
    """A change that makes a layer smaller, or that keeps it alive."""

    line: str
    """What to write, as it stands in the manifest or is typed."""
    text: str
    """What it does, or why."""
    gain: Weight | None = None
    """What it takes off the layer, found on its own files; None where nothing was measured."""

    def gain_of(self, kind: Literal["zip", "unzipped"]) -> int | None:
        """Give the bytes that it takes off, as one limit counts them."""
        if self.gain is None:
            return None
        return self.gain.zip_bytes if kind == "zip" else self.gain.unzipped_bytes


class PackedModules(StrEnum):
    """Of which modules a zip has bytecode."""

    NONE = "none"
    IMPORTED = "imported"
    """Of those that the proof loaded."""
    LOADED = "loaded"
    """Of those that the layer's functions loaded, importing their handlers and answering events."""
    ALL = "all"


@dataclass(frozen=True, kw_only=True)
class PackedBytecode:
    """The bytecode in a zip."""

    mode: PackedModules = PackedModules.NONE
    files: int = 0
    bytes: int = 0
    """Unzipped."""


@dataclass(frozen=True, kw_only=True)
class BuildDetails:
    """How an archive came to be; kept beside the zip, so that a later run can tell it too."""

    packages: tuple[Package, ...] = ()
    pruned: tuple[RuleTotal, ...] = ()
    pruned_parts: tuple[PrunedPart, ...] = ()
    """The same by distribution and folder; the sums of each rule are those of `pruned`."""
    restored: tuple[Restoration, ...] = ()
    services: KeptServices | None = None
    """Of AWS's services those whose data is in it; None where all that is there was wanted."""
    held_back: tuple[HeldBack, ...] = ()
    proof: Proof | None = None
    """None where there was nothing to prove, or nobody wanted it."""
    bytecode: PackedBytecode = field(default_factory=PackedBytecode)
    warnings: tuple[Problem, ...] = ()
    included_bytes: int = 0
    """Bytes of files from the workspace."""
    extras: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The extras that the layer itself asks for, by the distributions' names."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Wall time by step."""

    @property
    def elapsed(self) -> float:
        """Seconds that its steps took together: it is zipped while it is being proven."""
        together = min(self.seconds.get("prove", 0.0), self.seconds.get("archive", 0.0))
        return sum(self.seconds.values()) - together


@dataclass(frozen=True, kw_only=True)
class Releasable:
    """A layer as a version of it is to be on AWS: for which targets, with which stamp."""

    layer: Layer
    targets: tuple[Target, ...] = ()
    """All targets that the layer version is for; its own and those with the same name."""
    parameters: tuple[str, ...] = ()
    """The SSM parameters that hold its ARN, one or more for all those targets."""
    stamp: Stamp | None = None
    """None where nothing is to be published."""

    def parameters_of(self, version: int) -> list[str]:
        """Name the parameters of a version; those with its number left out where it is 0."""
        content = self.stamp.content if self.stamp else ""
        names = [
            name.replace(VERSION_FIELD, str(version)).replace(CONTENT_FIELD, content)
            for name in self.parameters
            if (version or VERSION_FIELD not in name) and (content or CONTENT_FIELD not in name)
        ]
        return list(dict.fromkeys(names))

    def serving(self, layers: Sequence[Layer]) -> Self:
        """Make it one layer version for the targets of all these layers, which share its name."""
        return replace(
            self,
            targets=tuple(sorted(layer.target for layer in layers)),
            parameters=tuple(
                dict.fromkeys(name for layer in layers for name in layer.delivery.parameters)
            ),
        )

    @property
    def runtimes(self) -> list[str]:
        """The runtimes that its layer version is for."""
        return list(dict.fromkeys(target.runtime for target in self._all_targets))

    @property
    def architectures(self) -> list[str]:
        """The architectures that its layer version says it is for; none where it is to say none."""
        if self.layer.omits_architectures:
            return []
        return list(dict.fromkeys(str(target.architecture) for target in self._all_targets))

    @property
    def description(self) -> str:
        """What AWS shows: the user's own text, and behind it the stamp."""
        text = self.layer.description
        return self.stamp.write(text) if self.stamp else text

    def is_licensed_as(self, license_info: str) -> bool:
        """Tell whether AWS shows its licence as it is to be; any will do that its content decides."""
        return not self.layer.license or self.layer.license == license_info

    @property
    def _all_targets(self) -> tuple[Target, ...]:
        return self.targets or (self.layer.target,)


@dataclass(frozen=True, kw_only=True)
class KnownLayer(Releasable):
    """A layer that was not built, since AWS has it in every region, by its stamp."""

    pins: tuple[Pin, ...] = ()
    """The distributions in it."""
    without_python: bool = False
    """Whether it, or a function that loads it, was not run for want of a Python, then as now."""


@dataclass(frozen=True, kw_only=True)
class Built(Releasable):
    """A layer with its archive, the archive's account, and how it stands to its limits."""

    archive: Archive
    details: BuildDetails = field(default_factory=BuildDetails)
    readings: tuple[LimitReading, ...] = ()
    same_as: str | None = None
    """Id of the layer whose build this one shares."""
    reused: bool = False
    """Whether the zip is an earlier run's."""
    taken_up: bool = False
    """Whether it was found in the output dir by its digest: its details are what was noted there."""

    licences: tuple[Licensed, ...] = ()
    """Of its distributions, by their names."""

    @property
    def license_info(self) -> str:
        """What AWS shows as its licence: the manifest's word, else all that its distributions have."""
        return self.layer.license or license_info(self.licences)

    def is_licensed_as(self, license_info: str) -> bool:
        """Tell whether AWS shows its licence as it is to be."""
        return self.license_info == license_info

    @property
    def tightest(self) -> LimitReading:
        """The limit that it comes closest to."""
        return max(self.readings, key=lambda reading: reading.share)


def license_info(licences: Sequence[Licensed]) -> str:
    """Join licences to one SPDX expression for `LicenseInfo`, which has 512 characters.

    What has no room is counted; empty where no distribution tells its licence.

    >>> one, two = (Licensed(name=n, version="1", expression=n) for n in ("MIT", "A OR B"))
    >>> license_info([one, two])
    '(A OR B) AND MIT'
    """
    known = sorted({one.expression for one in licences if one.expression})
    parts = [f"({part})" if " OR " in part else part for part in known]
    if parts and any(not one.expression for one in licences):
        parts.append("LicenseRef-unknown")
    whole = " AND ".join(parts)
    left = 0
    while len(whole) > LICENSE_CHARACTERS:
        left += 1
        whole = " AND ".join([*parts[:-left], f"LicenseRef-and-{left}-more"])
    return whole
