# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "geopy==2.5.0",
# ]
# ///
"""Measures a distance."""

from geopy.distance import geodesic
print(round(geodesic((52, 13), (48, 2)).km))
