# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "starlette==1.10.0",
# ]
# ///
"""Matches routes."""

from starlette.routing import Route, Router
print(Router([Route("/a/{b}", lambda r: None, name="n")]).url_path_for("n", b="1"))
