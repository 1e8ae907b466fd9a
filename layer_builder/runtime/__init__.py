"""Runs a function's code as Lambda's runtime does: its layers at /opt, its code at /var/task, isolated."""

from layer_builder.runtime.invocation import Fault, Invocation, InvocationResult
from layer_builder.runtime.process import FunctionProcess
from layer_builder.runtime.stack_folder import LayerTree, StackFolder
from layer_builder.runtime.test_command import CommandResult, run_test_command

__all__ = [
    "CommandResult",
    "Fault",
    "FunctionProcess",
    "Invocation",
    "InvocationResult",
    "LayerTree",
    "StackFolder",
    "run_test_command",
]
