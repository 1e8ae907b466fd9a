# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "numpy==2.5.5",
# ]
# ///
"""Solves a system."""

import numpy as np
print(np.linalg.solve([[2, 0], [0, 4]], [2, 4]), np.fft.fft([1, 0, 0, 0]).real)
