"""Runs what is not ours where it can take nothing: the one door for other people's code."""

from layer_builder.isolation.interpreters import prefixes
from layer_builder.isolation.launcher import Confined, launch, run, what_holds
from layer_builder.isolation.policy import Isolation, Policy
from layer_builder.isolation.refusal import refusal

__all__ = ["Confined", "Isolation", "Policy", "launch", "prefixes", "refusal", "run", "what_holds"]
