"""The licences of what is in a layer: read from its zip, as SPDX expressions; held to a policy."""

from layer_builder.licences.policy import licence_problems
from layer_builder.licences.zipped import read_licences

__all__ = ["licence_problems", "read_licences"]
