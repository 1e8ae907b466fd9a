"""Where layer versions come from: the stamps of what is built, and what is known by its stamp."""

from layer_builder.identity.marks import Marks, ProvenStack, resolved_contents, taken_up_content
from layer_builder.identity.provenance import Provenance, find_provenance
from layer_builder.identity.recognition import recognise
from layer_builder.identity.stamping import known_lines, stamp_built, stamp_unproven

__all__ = [
    "Marks",
    "ProvenStack",
    "Provenance",
    "find_provenance",
    "known_lines",
    "recognise",
    "resolved_contents",
    "stamp_built",
    "stamp_unproven",
    "taken_up_content",
]
