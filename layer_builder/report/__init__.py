"""The outcome of a run as JSON, Markdown, HTML, files and outputs."""

from layer_builder.report.arn_files import (
    METADATA_FILE,
    render_files,
    variable_clashes,
)
from layer_builder.report.comment import render_comment
from layer_builder.report.escaping import escape_markdown
from layer_builder.report.html import render_html
from layer_builder.report.markdown import render_markdown
from layer_builder.report.outputs import action_outputs
from layer_builder.report.plain_text import build_details_lines, function_lines, report_title

__all__ = [
    "METADATA_FILE",
    "action_outputs",
    "build_details_lines",
    "escape_markdown",
    "function_lines",
    "render_comment",
    "render_files",
    "render_html",
    "render_markdown",
    "report_title",
    "variable_clashes",
]
