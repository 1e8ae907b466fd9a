# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "aiohttp==3.14.5",
# ]
# ///
"""Builds an application and a route."""

from aiohttp import web
a = web.Application(); a.router.add_get("/x/{n}", lambda r: None, name="x")
print(a.router["x"].url_for(n="1"))
