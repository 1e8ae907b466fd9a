"""The preflight: where a run is about to work and as whom, before anything is built."""

from layer_builder.preflight.regions import WrongAccountError, open_regions

__all__ = ["WrongAccountError", "open_regions"]
