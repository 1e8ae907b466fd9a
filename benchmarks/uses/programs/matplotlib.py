# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "matplotlib==3.11.2",
# ]
# ///
"""Draws text and mathematics as SVG."""

import matplotlib; matplotlib.use("svg")
import matplotlib.pyplot as plt, io
f = io.StringIO(); plt.plot([1, 2]); plt.title(r"$\alpha$ ü"); plt.style.use("ggplot"); plt.savefig(f, metadata={"Date": None})
print(len(f.getvalue()) > 5000)
