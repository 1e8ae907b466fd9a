"""Zips: written, read, kept."""
