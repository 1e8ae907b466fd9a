"""Paths that files of a workspace name: each place has one spelling."""

from layer_builder.paths.spelling import (
    PathMistakeError,
    normal_path,
    path_below,
    without_climbing,
)

__all__ = ["PathMistakeError", "normal_path", "path_below", "without_climbing"]
