# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "shapely==2.2.0",
# ]
# ///
"""Intersects."""

import shapely
print(shapely.Point(0, 0).buffer(1).intersection(shapely.box(0, 0, 2, 2)).area)
