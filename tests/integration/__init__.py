"""Edges and the story, through the real program where that is possible."""
