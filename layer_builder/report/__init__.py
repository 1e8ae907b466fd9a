"""The outcome of a run as Markdown, files and outputs."""

from layer_builder.report.arn_files import (
    METADATA_FILE,
    render_files,
    variable_clashes,
)
from layer_builder.report.comment import render_comment
from layer_builder.report.escaping import escape_markdown
from layer_builder.report.markdown import render_markdown
from layer_builder.report.outputs import action_outputs

__all__ = [
    "METADATA_FILE",
    "action_outputs",
    "escape_markdown",
    "render_comment",
    "render_files",
    "render_markdown",
    "variable_clashes",
]
