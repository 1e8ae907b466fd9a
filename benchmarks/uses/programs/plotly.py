# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "plotly==7.1.0",
# ]
# ///
"""Writes a figure as HTML with its script."""

import plotly.graph_objects as go
html = go.Figure(go.Bar(y=[1, 2])).to_html(include_plotlyjs=True, div_id="a")
print(len(html) > 1_000_000)
