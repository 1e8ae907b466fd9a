"""The outcome in plain lines, which the log, Markdown and the page share; pure."""

from layer_builder.plain_text.harmless import one_line
from layer_builder.plain_text.lines import (
    MAX_RESTORED,
    build_details_lines,
    bytecode_line,
    function_lines,
    licence_line,
    old_version_lines,
    proof_line,
    report_title,
)

__all__ = [
    "MAX_RESTORED",
    "build_details_lines",
    "bytecode_line",
    "function_lines",
    "licence_line",
    "old_version_lines",
    "one_line",
    "proof_line",
    "report_title",
]
