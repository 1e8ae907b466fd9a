"""One module for each command, and what they share."""

from layer_builder.commands.context import Context
from layer_builder.commands.init import write_manifest
from layer_builder.commands.lock import lock_layers
from layer_builder.commands.plan import read_requests, resolve_requests, weigh, weigh_functions
from layer_builder.commands.run import prove, run_command
from layer_builder.commands.split import split_layer
from layer_builder.commands.versions import show_versions

__all__ = [
    "Context",
    "lock_layers",
    "prove",
    "read_requests",
    "resolve_requests",
    "run_command",
    "show_versions",
    "split_layer",
    "weigh",
    "weigh_functions",
    "write_manifest",
]
