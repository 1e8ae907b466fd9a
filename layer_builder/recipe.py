"""The recipe: all that decides a layer's bytes, and a key that changes when any of it does."""

import hashlib
import json
from dataclasses import dataclass, field

import layer_builder
from layer_builder.layer import Layer
from layer_builder.requirements import Requirements


@dataclass(frozen=True, kw_only=True)
class Ingredient:
    """A file of the workspace that goes into a layer."""

    path: str
    """Path in the layer."""
    sha256: str
    executable: bool


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a layer is made from. Layers with equal keys have equal contents: one build serves."""

    layer: Layer
    requirements: Requirements = field(default_factory=Requirements)
    ingredients: tuple[Ingredient, ...] = ()

    @property
    def key(self) -> str:
        """Digest of everything but what the index answers; hexadecimal."""
        layer = self.layer
        return _digest(
            layer_builder.__version__,
            layer.target.label,
            sorted(self.requirements.lines),
            sorted(self.requirements.constraints),
            self.requirements.options,
            sorted(layer.build),
            layer.prune,
            layer.keep,
            layer.drop,
            layer.compression,
            layer.strip,
            [layer.sdk.policy, *layer.sdk.services],
            [layer.proof, *(reference.text for reference in layer.imports)],
            [[i.path, i.sha256, i.executable] for i in self.ingredients],
        )

    def content_key(self, lock: str) -> str:
        """Digest of everything, the chosen versions and their hashes included."""
        return _digest(self.key, lock)


def _digest(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
