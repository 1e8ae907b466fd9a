"""`layers.yml`: text in, a Manifest out, or every mistake at once with its line and column."""

from layer_builder.manifest.document import Document, YamlPath, YamlValue
from layer_builder.manifest.editor import format_layers, replace_layer
from layer_builder.manifest.fields import Share
from layer_builder.manifest.reader import Manifest, list_requirements_files, read_manifest
from layer_builder.manifest.schema import json_schema
from layer_builder.manifest.yaml_reader import parse_yaml

__all__ = [
    "Document",
    "Manifest",
    "Share",
    "YamlPath",
    "YamlValue",
    "format_layers",
    "json_schema",
    "list_requirements_files",
    "parse_yaml",
    "read_manifest",
    "replace_layer",
]
