"""The licences of what is in a layer: read from its zip or its wheels, as SPDX expressions; held to a policy."""

from layer_builder.licences.metadata import is_metadata, licensed_in
from layer_builder.licences.policy import licence_problems
from layer_builder.licences.zipped import read_licences

__all__ = ["is_metadata", "licence_problems", "licensed_in", "read_licences"]
