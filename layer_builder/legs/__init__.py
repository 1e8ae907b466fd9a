"""What a leg of a build hands on for the report of all: a part, beside its zips."""

from layer_builder.legs.join import join_parts
from layer_builder.legs.part import part_name, part_of, part_text, read_parts

__all__ = ["join_parts", "part_name", "part_of", "part_text", "read_parts"]
