"""What is known of holes in the distributions of a run: asked of an OSV database, told, or refused."""

from layer_builder.audit.told import audit

__all__ = ["audit"]
