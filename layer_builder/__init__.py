"""Lambda layers from one manifest: built, pruned, weighed and published."""

__version__ = "0.1.0"
