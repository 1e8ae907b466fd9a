# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "dash==4.4.1",
# ]
# ///
"""Serves its scripts."""

import dash
from dash import html, dcc
a = dash.Dash(); a.layout = html.Div(dcc.Graph()); c = a.server.test_client()
print(c.get("/_dash-layout").status_code, c.get("/_dash-component-suites/dash/dcc/dash_core_components.js").status_code, "script" in c.get("/").text)
