"""Weighs the twin of a distribution in the index's wheel, of which only the directory is read."""

from layer_builder.advice.alternatives import Twin
from layer_builder.errors import LayerBuilderError
from layer_builder.forecast import WheelReader, estimate_layer
from layer_builder.lazy_dataclasses import dataclass
from layer_builder.model import Pin, Weight
from layer_builder.resolve import Resolved
from layer_builder.sdk_services import ServiceNeeds


@dataclass(frozen=True, kw_only=True)
class TwinScale:
    """Weighs what is not installed."""

    wheels: WheelReader

    def weigh(self, twin: Twin, item: Resolved) -> Weight | None:
        """Weigh a twin at the version of its other half, as the layer would prune it.

        None where that has no wheel, or what the layer does besides cannot be told from its names.
        """
        request = item.request
        layer, version = request.layer, item.own.versions.get(twin.name)
        if version is None or not twin.same_version or layer.strip:
            return None
        pin = Pin(name=twin.instead, version=version)
        try:
            wheels = self.wheels.read([pin], request.requirements, layer.target)
            if not wheels.contents:
                return None
            estimate = estimate_layer(layer, frozenset({twin.instead}), wheels, (), ServiceNeeds())
        except LayerBuilderError:
            return None
        (package,) = estimate.packages
        return Weight(zip_bytes=package.bytes_zipped, unzipped_bytes=package.bytes_kept)
