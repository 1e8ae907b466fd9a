"""Lambda layers from one manifest: built, pruned, weighed and published."""

__version__ = "0.2.0"
