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
from layer_builder.versions.orphans import OrphanSearch
from layer_builder.versions.retirement import retire_orphans

__all__ = [
    "LayerHistory",
    "OrphanSearch",
    "RegionInventory",
    "Usage",
    "VersionRow",
    "deleted_versions",
    "inventory_data",
    "inventory_warnings",
    "render_inventory",
    "render_table",
    "retire_orphans",
    "usages_by_version",
]
