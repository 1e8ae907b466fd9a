"""Dataclasses that are completed when the first instance of one is made: half of a run's start."""

from layer_builder.lazy_dataclasses.decorator import dataclass

__all__ = ["dataclass"]
