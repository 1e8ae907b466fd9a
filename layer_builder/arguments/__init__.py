"""The words of the command line."""

from layer_builder.arguments.parser import input_values, parse_arguments

__all__ = ["input_values", "parse_arguments"]
