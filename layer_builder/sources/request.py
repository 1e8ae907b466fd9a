"""The request: a layer with all that decides a layer's bytes, and a key that changes when any of it does."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import field, replace

import layer_builder
from layer_builder.archive import sha256_of
from layer_builder.direct import DirectReference
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import CONTENT_FORMAT, Bytecode, Layer
from layer_builder.sdk_services import ServiceNeeds
from layer_builder.sources.includes import CollectedFiles
from layer_builder.sources.requirements import Requirements


@dataclass(frozen=True, kw_only=True)
class IncludedFile:
    """A file of the workspace that goes into a layer."""

    path: str
    """Path in the layer."""
    sha256: str
    executable: bool


@dataclass(frozen=True, kw_only=True)
class LayerRequest:
    """A layer with all that it is made from. Those with equal content keys share one build."""

    layer: Layer
    requirements: Requirements = field(default_factory=Requirements)
    files: CollectedFiles = field(default_factory=CollectedFiles)
    digests: tuple[IncludedFile, ...] = ()
    written: Requirements | None = None
    """The requirements as they stand in files, a uv.lock as its digest; None where they are these."""
    whole_group: Requirements = field(default_factory=Requirements)
    """What all layers ask for, as written, that it is resolved with."""
    lock: str = ""
    """Digest of the `layers.lock` beside the manifest."""
    loaded_by: tuple[str, ...] = ()
    """Digests of the functions that have it, where what they load is what `bytecode: auto` packs."""
    code: ServiceNeeds = field(default_factory=ServiceNeeds)
    """What the workspace's code that runs on it asks of the AWS SDK, where `sdk: auto` wants to know."""

    @property
    def key(self) -> str:
        """Digest of everything but what the index answers, known without running uv; hexadecimal."""
        own = self._own(self.as_written)
        return _digest(
            layer_builder.__version__,
            own,
            *_asked(self.whole_group),
            self.layer.requires,
            self.lock,
        )

    @property
    def as_written(self) -> Requirements:
        """What its files say, as far as reading alone can tell."""
        return self.written or self.requirements

    def content_key(self, *locks: str) -> str:
        """Digest of what decides the bytes: the settings, the files, the chosen versions.

        Of this program it has the format alone, so that all versions which give the same bytes give
        the same key.
        """
        return _digest(CONTENT_FORMAT, self._own(self.requirements), *locks)

    def resolved_with(
        self, whole_group: Requirements, direct: Sequence[DirectReference] = ()
    ) -> "LayerRequest":
        """Note what all the layers ask for that have to agree with this one.

        What one of them takes from elsewhere is that to all: what requires it by its name, too.
        """
        asked = replace(self.requirements, direct=tuple(direct))
        return replace(self, whole_group=whole_group, requirements=asked)

    def with_code(self, code: ServiceNeeds) -> "LayerRequest":
        """Note what the workspace's code that runs on it asks for."""
        return replace(self, code=code)

    def _own(self, asked: Requirements) -> list[object]:
        layer = self.layer
        return [
            layer.target.label,
            *_asked(asked),
            sorted(layer.build),
            layer.prune,
            layer.keep,
            layer.drop,
            layer.compression,
            layer.bytecode,
            self._room(),
            layer.strip,
            [layer.sdk.policy, *layer.sdk.services, *self.code.key],
            [layer.proof, *(reference.text for reference in layer.imports)],
            sorted(reference.text for reference in layer.allow_failing),
            [[i.path, i.sha256, i.executable] for i in self.digests],
        ]

    def _room(self) -> list[object]:
        """Tell what decides the bytecode of `auto`."""
        budget = self.layer.budget
        if self.layer.bytecode is not Bytecode.AUTO:
            return []
        limits = ((limit.kind, limit.allowed) for limit in budget.limits)
        return [budget.warn_at, *limits, *self.loaded_by]


def _asked(requirements: Requirements) -> tuple[object, ...]:
    return sorted(requirements.lines), sorted(requirements.constraints), requirements.options


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def make_request(
    layer: Layer,
    requirements: Requirements,
    files: CollectedFiles,
    *,
    written: Requirements | None = None,
    lock: str = "",
) -> LayerRequest:
    """Gather what a layer is made from; reads and hashes the files to include.

    `written` has the requirements before uv read its lock, `lock` is the digest of ours.
    """
    digests = tuple(
        IncludedFile(path=file.path, sha256=sha256_of(file.source), executable=file.executable)
        for file in files.files
    )
    return LayerRequest(
        layer=layer,
        requirements=requirements,
        files=files,
        digests=digests,
        written=written,
        lock=lock,
    )
