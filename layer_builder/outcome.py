"""What a run came to: the one value that every report and output is rendered from."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import field, replace
from typing import Any, TypeVar

from layer_builder.attach import Attached, Status
from layer_builder.changes import LayerChanges
from layer_builder.errors import Problem
from layer_builder.exit_codes import ExitCode
from layer_builder.forecast import LayerEstimate
from layer_builder.inputs import Command, Inputs
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.manifest import Manifest
from layer_builder.model import (
    Action,
    Advice,
    Audited,
    Built,
    Delivered,
    FunctionProof,
    KnownLayer,
    Layer,
    LayerFile,
    LayerVersion,
    Releasable,
    Release,
    Stack,
    StackWeight,
    Stamp,
    VersionSummary,
    Weight,
)

_T = TypeVar("_T")


def _in_order(values: Mapping[str, _T], regions: Sequence[str]) -> dict[str, _T]:
    return {region: values[region] for region in regions if region in values}


@dataclass(kw_only=True)
class Outcome:
    """Filled in as the run goes, so that a failed run still tells how far it came."""

    inputs: Inputs
    manifest: Manifest | None = None
    built: dict[str, Built] = field(default_factory=dict)
    """By layer id."""
    finished: dict[str, Weight] = field(default_factory=dict)
    """By the stem of a layer: zips that lie there, whatever became of the others."""
    estimates: dict[str, LayerEstimate] = field(default_factory=dict)
    """By layer id: what `plan` found that they will weigh."""
    known: dict[str, KnownLayer] = field(default_factory=dict)
    """By layer id: what was not built, since AWS has it."""
    releases: dict[str, dict[str, Release]] = field(default_factory=dict)
    """By layer id, then region."""
    to_publish: dict[str, list[str]] = field(default_factory=dict)
    """Regions by layer id: what a dry run would publish."""
    missing: dict[str, dict[str, str]] = field(default_factory=dict)
    """By layer id, then region: why it is neither published nor unchanged there."""
    delivered: dict[str, dict[str, Delivered]] = field(default_factory=dict)
    """By layer id, then region."""
    versions: dict[str, tuple[VersionSummary, ...]] = field(default_factory=dict)
    """By a layer's name on AWS: what the first region had, newest first, where that was read."""
    files: dict[str, tuple[LayerFile, ...]] = field(default_factory=dict)
    """By layer id: what is in the zips, where they can be read."""
    sboms: dict[str, str] = field(default_factory=dict)
    """By layer id: the SHA-256 of its bill of materials, in hexadecimal."""
    audited: Audited | None = None
    """None where nobody was to be asked for known vulnerabilities, or the run did not come to it."""
    stacks: list[StackWeight] = field(default_factory=list)
    function_proofs: list[FunctionProof] = field(default_factory=list)
    """Of the functions that were tried, and of layers that no function has."""
    unproven: set[str] = field(default_factory=set)
    """Keys of functions, and of layers that none has, which could not be tried without a warning."""
    untried: set[str] = field(default_factory=set)
    """The same of those that there was no Python for."""
    contents: dict[str, str] = field(default_factory=dict)
    """By layer id: the content marks of what was resolved."""
    advice: dict[str, list[Advice]] = field(default_factory=dict)
    """By layer id, in no order."""
    compared: dict[str, LayerChanges] = field(default_factory=dict)
    """By layer id: what is different from what there was; of what was compared."""
    attachments: list[Attached] = field(default_factory=list)
    """What became of each function, by region and in the manifest's order."""
    warnings: list[Problem] = field(default_factory=list)
    errors: list[Problem] = field(default_factory=list)
    exit_code: ExitCode = ExitCode.GOOD
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)
    """Regions and layers are worked on at the same time, and all are recorded here."""

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The layers of the run, in the manifest's order."""
        return self.manifest.layers if self.manifest else ()

    @property
    def functions(self) -> tuple[Stack, ...]:
        """The functions of the run."""
        return self.manifest.stacks if self.manifest else ()

    @property
    def relatives(self) -> tuple[Layer, ...]:
        """Layers outside the run that its layers are resolved with."""
        return self.manifest.relatives if self.manifest else ()

    @property
    def ties(self) -> tuple[Stack, ...]:
        """All functions that say which layers have to agree."""
        return self.manifest.ties if self.manifest else ()

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions of the run, the first one being the one that `layer-arns` tells of."""
        return self.inputs.regions

    @property
    def is_isolated(self) -> bool | None:
        """Whether something was built, and all that was imported of it isolated.

        None where all was taken up by its digest, or AWS has it: its record or stamp says how.
        """
        made = [built.details.proof for built in self.built.values() if not built.taken_up]
        if (self.built or self.known) and not made:
            return None
        everything = all(proof is None or proof.is_isolated for proof in made)
        return bool(made) and everything and all(p.is_isolated for p in self.function_proofs)

    def digests(self) -> dict[str, str]:
        """Map the stem of each layer's zip to its SHA-256, in hexadecimal."""
        return {built.layer.stem: built.archive.sha256 for built in self.built.values()}

    def by_name(self) -> dict[str, list[Built | KnownLayer]]:
        """Group what was built or known by the name on AWS: one group is one layer version."""
        groups: dict[str, list[Built | KnownLayer]] = {}
        for found in self.built_or_known():
            groups.setdefault(found.layer.name, []).append(found)
        return groups

    def built_or_known(self) -> list[Built | KnownLayer]:
        """List what became of the layers, in the manifest's order."""
        found = (self.built.get(layer.id) or self.known.get(layer.id) for layer in self.layers)
        return list(filter(None, found))

    @property
    def known_functions(self) -> list[Stack]:
        """The functions that were not tried, since AWS has their layers."""
        known = self.known.keys()
        return [one for one in self.functions if {layer.id for layer in one.layers} & known]

    def stamp_of(self, layer: Layer) -> Stamp | None:
        """Give the stamp of a layer's version on AWS, or the one that it would be published with."""
        release = next(iter(self.releases.get(layer.id, {}).values()), None)
        if release:
            return release.stamp
        built = self.built.get(layer.id)
        return built.stamp if built else None

    def record_release(
        self, built: Releasable, region: str, version: LayerVersion, action: Action
    ) -> Release:
        """Record that a layer, and all targets that it serves, is in a region as this version."""
        release = Release(
            region=region,
            arn=version.arn,
            version=version.version,
            action=action,
            stamp=version.stamp,
        )
        with self._lock:
            for layer_id in self._served_by(built):
                by_region = {**self.releases.get(layer_id, {}), region: release}
                self.releases[layer_id] = _in_order(by_region, self.regions)
        return release

    def record_to_publish(self, built: Releasable, region: str) -> None:
        """Record that a layer is to be published to a region."""
        with self._lock:
            self.to_publish.setdefault(built.layer.id, []).append(region)

    def record_missing(self, built: Releasable, region: str, why: str) -> None:
        """Record why a layer is not in a region, unless it is, or a reason is known."""
        with self._lock:
            for layer_id in self._served_by(built):
                if region not in self.releases.get(layer_id, {}):
                    by_region = {region: why, **self.missing.get(layer_id, {})}
                    self.missing[layer_id] = _in_order(by_region, self.regions)

    def record_delivered(self, built: Releasable, region: str, **more: Any) -> None:  # noqa: ANN401 (fields of Delivered)
        """Add to what was done for a layer in a region."""
        with self._lock:
            for layer_id in self._served_by(built):
                by_region = self.delivered.get(layer_id, {})
                delivered = replace(by_region.get(region, Delivered()), **more)
                self.delivered[layer_id] = _in_order({**by_region, region: delivered}, self.regions)

    def published_arns(self) -> list[str]:
        """List the ARNs of what this run published."""
        released = (one for releases in self.releases.values() for one in releases.values())
        published = (one.arn for one in released if one.action is Action.PUBLISHED)
        return list(dict.fromkeys(published))

    def _served_by(self, built: Releasable) -> list[str]:
        """List the ids of the layers that one layer version serves."""
        return [member.layer.id for member in self.by_name()[built.layer.name]]

    def keys_with(self, action: Action) -> list[str]:
        """List the keys of layers that had this done to them in some region and target."""
        keys = (
            layer.key
            for layer in self.layers
            for release in self.releases.get(layer.id, {}).values()
            if release.action is action
        )
        return list(dict.fromkeys(keys))

    def arns(self, region: str) -> dict[str, str | dict[str, str]]:
        """Map layer keys to ARNs; a layer with several targets maps to one for each."""
        targets = Counter(layer.key for layer in self.layers)
        arns: dict[str, str | dict[str, str]] = {}
        for layer in self.layers:
            release = self.releases.get(layer.id, {}).get(region)
            if release is None:
                continue
            if targets[layer.key] == 1:
                arns[layer.key] = release.arn
                continue
            several = arns.setdefault(layer.key, {})
            if isinstance(several, dict):
                several[layer.target.label] = release.arn
        return arns

    def stack_arns(self, stack: Stack, region: str) -> list[str] | None:
        """List the ARNs of a function's layers in stack order; None until all are known."""
        releases = [self.releases.get(layer.id, {}).get(region) for layer in stack.layers]
        arns = [release.arn for release in releases if release]
        return [*(a.arn for a in stack.external), *arns] if len(arns) == len(releases) else None

    def function_layers(self) -> Mapping[str, list[str]]:
        """Map functions to their layers' ARNs in the first region."""
        if not (self.manifest and self.regions):
            return {}
        if self.inputs.command is Command.ATTACH:
            return {
                done.stack.key: list(done.has or ())
                for done in self.attachments
                if done.region == self.regions[0]
                and done.status in {Status.ATTACHED, Status.UNCHANGED}
            }
        by_function = {
            stack.key: self.stack_arns(stack, self.regions[0]) for stack in self.manifest.stacks
        }
        return {key: arns for key, arns in by_function.items() if arns}

    def changes(self) -> dict[str, dict[str, Any]]:
        """Tell, of a run of `attach`, what was behind: by function and region, before and after."""
        functions: dict[str, dict[str, Any]] = {}
        for done in self.attachments:
            if change := done.change(is_dry=self.inputs.dry_run):
                functions.setdefault(done.stack.key, {})[done.region] = change
        return {"functions": functions}

    def would_publish(self) -> list[str]:
        """List the keys that a dry run would publish, or that a comparison found to differ."""
        found = set(self.to_publish) if self.inputs.dry_run else set()
        if self.inputs.command in {Command.PLAN, Command.BUILD}:
            found = {one for one, changes in self.compared.items() if changes.is_same is False}
        return list(dict.fromkeys(layer.key for layer in self.layers if layer.id in found))

    @property
    def would_change(self) -> bool:
        """Whether a dry run found something to do; of `plan` and `build`, something that differs."""
        would_deliver = any(
            delivered != Delivered(kept=delivered.kept)
            for by_region in self.delivered.values()
            for delivered in by_region.values()
        )
        would_attach = any(one.changes for one in self.attachments)
        found = self.to_publish or self.would_publish() or would_deliver or would_attach
        return self.inputs.dry_run and bool(found)
