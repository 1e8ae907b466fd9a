# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "pyproj==3.8.0",
# ]
# ///
"""Transforms coordinates."""

import pyproj
print([round(v, 2) for v in pyproj.Transformer.from_crs(4326, 3857).transform(52, 13)])
