"""Runs what is not ours where it can take nothing: the one door for other people's code."""

from layer_builder.isolation.interpreters import prefixes
from layer_builder.isolation.launcher import (
    Confined,
    can_mount,
    ending,
    launch,
    run_confined,
    what_holds,
)
from layer_builder.isolation.policy import Policy

__all__ = [
    "Confined",
    "Policy",
    "can_mount",
    "ending",
    "launch",
    "prefixes",
    "run_confined",
    "what_holds",
]
