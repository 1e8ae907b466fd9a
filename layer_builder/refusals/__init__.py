"""AWS's refusals in our reader's words: pure, from what AWS says to what to do next."""

from layer_builder.refusals.credentials import LOGIN, credentials_letter
from layer_builder.refusals.denials import denial_letter
from layer_builder.refusals.regions import (
    elsewhere_known,
    home_region,
    is_clock_skew,
    near_regions,
    region_mistake,
    wrong_partition,
)
from layer_builder.refusals.settings import secret_letter, setting_letter, unusable_settings

__all__ = [
    "LOGIN",
    "credentials_letter",
    "denial_letter",
    "elsewhere_known",
    "home_region",
    "is_clock_skew",
    "near_regions",
    "region_mistake",
    "secret_letter",
    "setting_letter",
    "unusable_settings",
    "wrong_partition",
]
