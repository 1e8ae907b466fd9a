# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "scikit-image==0.26.0",
# ]
# ///
"""Filters its camera picture."""

from skimage import data, filters
print(data.camera().shape, round(float(filters.sobel(data.camera()).mean()), 4))
