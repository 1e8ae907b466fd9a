"""Proves functions: their handlers start on their layers, and answer their events."""

__all__: list[str] = []
