"""What locked wheels hold: compared with what was installed from a cache that others may have changed."""

from layer_builder.wheels.verified import Wheels

__all__ = ["Wheels"]
