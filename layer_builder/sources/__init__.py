"""What a layer is made from: requirements files, project files, the workspace's own files."""

from layer_builder.sources.includes import collect_files
from layer_builder.sources.index_addresses import named_origins
from layer_builder.sources.request import LayerRequest, make_request
from layer_builder.sources.requirements import (
    ReadText,
    Requirements,
    RequirementsSource,
    merge_requirements,
)
from layer_builder.sources.requirements_files import collect_requirements
from layer_builder.sources.secrets import is_secret
from layer_builder.sources.texts import Tell
from layer_builder.sources.workspace import Workspace

__all__ = [
    "LayerRequest",
    "ReadText",
    "Requirements",
    "RequirementsSource",
    "Tell",
    "Workspace",
    "collect_files",
    "collect_requirements",
    "is_secret",
    "make_request",
    "merge_requirements",
    "named_origins",
]
