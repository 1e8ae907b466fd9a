"""Workflows that use the action, run by act: no Docker, no GitHub, no AWS account."""
