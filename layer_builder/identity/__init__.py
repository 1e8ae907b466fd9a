"""Where layer versions come from: the parts of their stamps."""

from layer_builder.identity.provenance import Provenance, find_provenance

__all__ = ["Provenance", "find_provenance"]
