"""Versions: which layers have to agree, what uv chooses, what the lock says."""

from layer_builder.resolve.closure import check_closure
from layer_builder.resolve.groups import LayerGroup, group_layers
from layer_builder.resolve.lockfile import Locked, Lockfile
from layer_builder.resolve.resolver import Installer, Resolved, choose_versions, resolve_group
from layer_builder.resolve.uv import Uv
from layer_builder.resolve.uv_files import find_uv_environment
from layer_builder.resolve.uv_wheels import UvWheels

__all__ = [
    "Installer",
    "LayerGroup",
    "Locked",
    "Lockfile",
    "Resolved",
    "Uv",
    "UvWheels",
    "check_closure",
    "choose_versions",
    "find_uv_environment",
    "group_layers",
    "resolve_group",
]
