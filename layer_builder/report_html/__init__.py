"""`report.html`: the outcome as one page that holds all it needs, to look into layers with; pure."""

from layer_builder.report_html.page import load_templates, render_html

__all__ = ["load_templates", "render_html"]
