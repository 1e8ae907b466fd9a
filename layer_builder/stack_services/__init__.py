"""Which AWS services a layer's functions ask for beside it: their code, and their other layers."""

from layer_builder.stack_services.beside import read_beside, versions_beside
from layer_builder.stack_services.code import CodeFinder
from layer_builder.stack_services.letters import letters_about
from layer_builder.stack_services.lost import lost_services

__all__ = ["CodeFinder", "letters_about", "lost_services", "read_beside", "versions_beside"]
