"""Runs what is not ours where it can take nothing: the one door for other people's code."""

from layer_builder.isolation.answers import SilentError, read_answers
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
from layer_builder.isolation.system_files import as_if_absent

__all__ = [
    "Confined",
    "Policy",
    "SilentError",
    "as_if_absent",
    "can_mount",
    "ending",
    "launch",
    "prefixes",
    "read_answers",
    "run_confined",
    "what_holds",
]
