"""Resolves layers: together where a stack loads them together, apart where nothing does."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path
from typing import Protocol

from packaging.utils import canonicalize_name

from layer_builder import parallel
from layer_builder.errors import InstallError, LayerBuilderError, Problem
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Bytecode, Layer, Resolution, Target, required_layers
from layer_builder.resolve.groups import LayerGroup
from layer_builder.resolve.lockfile import Lockfile
from layer_builder.resolve.placed import PlacedSources
from layer_builder.sdk_services import ServiceNeeds, joined_needs
from layer_builder.sources import LayerRequest, Requirements

_ASKING_AT_ONCE = 8


class Installer(Protocol):
    """Chooses and installs distributions."""

    def resolve(
        self,
        requirements: Requirements,
        target: Target,
        build: Sequence[str] = (),
        prefer: Resolution | None = None,
        *,
        anew: bool = True,
    ) -> Resolution:
        """Choose one version for each distribution, the preferred one where that will do.

        Not `anew`, what the index answered a moment ago is enough.
        """

    def place(self, requirements: Requirements) -> PlacedSources:
        """Have at hand what comes from no index."""

    def requires(
        self,
        requirements: Requirements,
        target: Target,
        build: Sequence[str] = (),
        pinned: Resolution | None = None,
    ) -> dict[str, frozenset[str]]:
        """Tell which distributions require which, at the pinned versions if there are some."""

    def settled(
        self, requirements: Requirements, target: Target, build: Sequence[str] = ()
    ) -> dict[str, str]:
        """Give the versions that would have been chosen a month ago."""

    def export(self, project: Path, choice: Sequence[str]) -> str:
        """Write what is chosen of a project's uv.lock as a requirements file with hashes."""

    def install(
        self,
        resolution: Resolution,
        requirements: Requirements,
        target: Target,
        into: Path,
        build: Sequence[str] = (),
    ) -> dict[str, str]:
        """Fill a folder; gives the sha256 of wheels by name, as far as it is known."""


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """What goes into a layer, and what its stack has below it."""

    request: LayerRequest
    own: Resolution = field(default_factory=Resolution)
    below: tuple[str, ...] = ()
    """Ids of the layers that it requires, directly or not."""
    elsewhere: Resolution = field(default_factory=Resolution)
    """The distributions that those hold."""
    lock: str = ""
    """The lock that the versions are from; empty where they were chosen just now."""
    foundation: tuple[str, ...] = ()
    """Digests of how those are made: under other rules they may lack what this one imports."""
    beside: ServiceNeeds = field(default_factory=ServiceNeeds)
    """What distributions of the layers that it is loaded with ask of the AWS SDK, besides."""

    @property
    def content_key(self) -> str:
        """Digest of what decides the layer's bytes, and of what its proof rests on."""
        return self.request.content_key(
            self.own.text, self.elsewhere.text, *self.foundation, *self.beside.key
        )

    @property
    def needs(self) -> ServiceNeeds:
        """What everything beside its own distributions asks of the AWS SDK."""
        return joined_needs([self.request.code, self.beside])

    def with_beside(self, beside: ServiceNeeds) -> "Resolved":
        """Note what the distributions of other layers ask for, and its own code does not."""
        return replace(self, beside=beside.without(self.request.code))


def resolve_group(
    group: LayerGroup,
    installer: Installer,
    lock: Lockfile | None = None,
    prefer: Resolution | None = None,
) -> dict[str, Resolved]:
    """Resolve a family, by layer id: as its lock says, or anew, with preferred versions.

    Raises InstallError; when the requirements are no longer what was locked, with the difference.
    """
    if lock is None:
        return assign_distributions(group, choose_versions(group, installer, prefer))
    moved = [
        Problem(
            message=f"its requirements are no longer what {lock.file} was made from",
            layer=request.layer.key,
            place=request.layer.place,
            details=tuple(difference),
            advice=("`layer-builder lock` brings the lock up to date",),
        )
        for request in group.requests
        if (difference := lock.moved(request.layer, request.requirements))
    ]
    if moved:
        raise InstallError(*moved)
    whole = {o.layer.id: _with_projects(lock.layers[o.layer.id].resolution, o, installer)
             for o in group.requests if o.layer.id in lock.layers}  # fmt: skip
    _refuse_disagreement(group, whole, lock.file)
    assigned = assign_distributions(group, whole)
    return {key: replace(resolved, lock=lock.file) for key, resolved in assigned.items()}


def _with_projects(locked: Resolution, request: LayerRequest, installer: Installer) -> Resolution:
    """Take the workspace's own projects as they are now: only what they require was locked."""
    if not request.requirements.direct:
        return locked
    now = installer.place(request.requirements)
    pins = (now.own_pins.get(pin.name, pin) for pin in locked.pins)
    return replace(locked, pins=tuple(pins))


def _refuse_disagreement(group: LayerGroup, whole: Mapping[str, Resolution], file: str) -> None:
    """Raise for layers that were locked apart, and are loaded together now."""
    held: dict[str, dict[str, list[str]]] = {}
    for request in group.requests:
        for pin in whole.get(request.layer.id, Resolution()).pins:
            held.setdefault(pin.name, {}).setdefault(pin.version, []).append(request.layer.key)
    apart = [
        f"{name}: "
        + ", ".join(f"{version} in {' '.join(keys)}" for version, keys in versions.items())
        for name, versions in sorted(held.items())
        if len(versions) > 1
    ]
    if apart:
        raise InstallError.because(
            f"layers {', '.join(group.keys)} are loaded together, and {file} has other versions"
            " for one than for another",
            place=group.requests[0].layer.place,
            details=tuple(apart),
            advice=("`layer-builder lock` brings the lock up to date",),
        )


def assign_distributions(group: LayerGroup, whole: Mapping[str, Resolution]) -> dict[str, Resolved]:
    """Give each distribution to one layer of a stack: the lowest that needs it."""
    return {request.layer.id: _resolved(request, group, whole) for request in group.requests}


def choose_versions(
    group: LayerGroup, installer: Installer, prefer: Resolution | None = None
) -> dict[str, Resolution]:
    """Choose versions, by layer id: one of each distribution in all the layers of a family.

    Raises InstallError; for a conflict between layers it names them and what they ask for.
    """
    asking = [request for request in group.requests if request.requirements.lines]
    agreed = _agreed(group, asking, installer, prefer) if len(asking) > 1 else Resolution()
    pinned = [f"{name}=={version}" for name, version in agreed.versions.items()]

    def resolve_one(request: LayerRequest) -> Resolution:
        asked, layer = request.requirements, request.layer
        asked = replace(asked, constraints=tuple(dict.fromkeys((*asked.constraints, *pinned))))
        try:
            chosen = installer.resolve(asked, layer.target, layer.build, prefer, anew=not pinned)
        except InstallError as error:
            raise error.about(layer.key, layer.place) from error
        # Under the pins nothing is newer: what is held back was seen when they were chosen.
        held_back = {*chosen.held_back, *agreed.held_back}
        return replace(
            chosen,
            held_back=tuple(sorted(held for held in held_back if held.name in chosen.versions)),
        )

    # They ask the index, and wait for it most of the time.
    chosen = parallel.each(resolve_one, asking, _ASKING_AT_ONCE)
    return dict(zip((request.layer.id for request in asking), chosen, strict=True))


def _agreed(
    group: LayerGroup,
    asking: Sequence[LayerRequest],
    installer: Installer,
    prefer: Resolution | None,
) -> Resolution:
    """Choose versions that suit all layers."""
    layer = asking[0].layer
    build = sorted({name for request in asking for name in request.layer.build})
    try:
        # Each layer answers for its own hashes: another's need none.
        asked = replace(group.asked, hashes={})
        return installer.resolve(asked, layer.target, build, prefer)
    except InstallError as error:
        for request in asking:
            try:
                installer.resolve(request.requirements, layer.target, request.layer.build)
            except InstallError as own:
                raise own.about(request.layer.key, request.layer.place) from own
        raise InstallError(_conflict(asking, error)) from error


def _resolved(
    request: LayerRequest, group: LayerGroup, whole: Mapping[str, Resolution]
) -> Resolved:
    layer = request.layer
    requires = {member.layer.key: member.layer.requires for member in group.requests}
    lower = [_id(key, layer) for key in required_layers(layer.key, requires)]
    pins = {pin for layer_id in lower if layer_id in whole for pin in whole[layer_id].pins}
    own = whole.get(layer.id, Resolution()).without({pin.name for pin in pins})
    if request.requirements.lines and not whole[layer.id].pins and not request.files.files:
        raise InstallError.because(
            f"none of its requirements applies to {layer.target.label}, and AWS refuses an empty"
            " layer",
            layer=layer.key,
            place=layer.place,
        )
    if request.requirements.lines and not own.pins and not request.files.files:
        raise InstallError.because(
            f"all that it asks for is in {', '.join(layer.requires)} already, and AWS refuses an"
            " empty layer",
            layer=layer.key,
            place=layer.place,
            advice=("take the layer out of the manifest and of its functions",),
        )
    return Resolved(
        request=request,
        own=own,
        below=tuple(lower),
        elsewhere=Resolution(pins=tuple(sorted(pins))),
        foundation=tuple(
            member.content_key() for member in group.requests if member.layer.id in lower
        )
        + (_company(group, whole) if layer.bytecode is Bytecode.AUTO else ()),
    )


def _company(group: LayerGroup, whole: Mapping[str, Resolution]) -> tuple[str, ...]:
    """Give digests of all that bounds how much bytecode fits a stack: its layers and functions."""
    layers = (
        request.content_key(whole.get(request.layer.id, Resolution()).text)
        for request in group.requests
    )
    return (*layers, *(f"{stack.reserve} {stack.external}" for stack in group.stacks))


def _conflict(asking: Sequence[LayerRequest], error: LayerBuilderError) -> Problem:
    lines = [line for problem in error.problems for line in problem.details]
    text = " ".join(lines)
    involved = [
        (request.layer, line.partition(" --hash")[0])
        for request in asking
        for line in request.requirements.lines
        if re.search(rf"(?<![\w.-]){re.escape(_name(line))}(?![\w-])", text)
    ]
    asked = [f"{layer.key} ({layer.place}) asks for {line}" for layer, line in involved]
    layers = [layer.key for layer, _ in involved] or [request.layer.key for request in asking]
    keys = ", ".join(dict.fromkeys(layers))
    return Problem(
        message=f"layers {keys} are loaded together, and ask for versions that exclude each other",
        place=asking[0].layer.place,
        details=(*asked, *lines),
        advice=(
            "change the ranges so that one version suits all of them",
            "or take them out of each other's functions and requires:",
        ),
    )


def _name(line: str) -> str:
    """Give the normalised name that a requirement begins with."""
    return canonicalize_name(re.split(r"[^\w.-]", line, maxsplit=1)[0])


def _id(key: str, like: Layer) -> str:
    return replace(like, key=key).id
