"""Imports modules with the target's Python, pruned and unpruned."""
