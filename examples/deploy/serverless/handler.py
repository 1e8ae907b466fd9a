"""The function: its code comes from the layer shared-code."""

from src.cr2a.worker import handler

__all__ = ["handler"]
