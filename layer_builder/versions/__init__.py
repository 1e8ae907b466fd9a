"""What is on AWS, for `layer-builder versions`."""

from layer_builder.versions.inventory import (
    LayerHistory,
    RegionInventory,
    Usage,
    VersionRow,
    deleted_versions,
    inventory_warnings,
    usages_by_version,
)
from layer_builder.versions.listing import inventory_data, render_inventory, render_table

__all__ = [
    "LayerHistory",
    "RegionInventory",
    "Usage",
    "VersionRow",
    "deleted_versions",
    "inventory_data",
    "inventory_warnings",
    "render_inventory",
    "render_table",
    "usages_by_version",
]
