"""Runs what is not ours where it can take nothing: the one door for other people's code."""

from layer_builder.isolation.launcher import Confined, launch, run
from layer_builder.isolation.policy import Isolation, Policy
from layer_builder.isolation.refusal import refusal

__all__ = ["Confined", "Isolation", "Policy", "launch", "refusal", "run"]
