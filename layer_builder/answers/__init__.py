"""Questions about layers, answered without a build: `try` and `why`."""

from layer_builder.answers.trying import try_packages
from layer_builder.answers.why import why_distribution

__all__ = ["try_packages", "why_distribution"]
