"""Backends of sdists: run isolated, by a Python that stands in for the real one."""

from layer_builder.backends.stand_in import StandIn

__all__ = ["StandIn"]
