"""Which AWS services code asks for: read from source, with what cannot be read; pure."""

from layer_builder.sdk_services.filters import is_code
from layer_builder.sdk_services.needs import (
    CREDENTIAL_SERVICES,
    ServiceNeeds,
    joined_needs,
    needed_data,
)
from layer_builder.sdk_services.sources import find_services
from layer_builder.sdk_services.tree import services_of_tree

__all__ = [
    "CREDENTIAL_SERVICES",
    "ServiceNeeds",
    "find_services",
    "is_code",
    "joined_needs",
    "needed_data",
    "services_of_tree",
]
