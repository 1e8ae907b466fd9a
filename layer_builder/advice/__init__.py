"""What would make a layer smaller, with the gain measured on its own files, and what ends."""

from layer_builder.advice.adviser import Adviser, near_limits
from layer_builder.advice.alternatives import DEV_TOOLS
from layer_builder.advice.layer_files import LayerFiles
from layer_builder.advice.requirements import with_twins
from layer_builder.advice.settings import try_settings
from layer_builder.advice.twins import TwinScale
from layer_builder.advice.words import advice_for, advice_line, advice_lines, in_order

__all__ = [
    "DEV_TOOLS",
    "Adviser",
    "LayerFiles",
    "TwinScale",
    "advice_for",
    "advice_line",
    "advice_lines",
    "in_order",
    "near_limits",
    "try_settings",
    "with_twins",
]
