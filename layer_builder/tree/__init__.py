"""Installed packages on disk, as /opt/python will have them."""

from layer_builder.tree.contents import Contents, Flaw, read_installed
from layer_builder.tree.distributions import Distribution, Installation, find_distributions
from layer_builder.tree.files import list_files
from layer_builder.tree.scratch import Scratch
from layer_builder.tree.tree import Tree

__all__ = [
    "Contents",
    "Distribution",
    "Flaw",
    "Installation",
    "Scratch",
    "Tree",
    "find_distributions",
    "list_files",
    "read_installed",
]
