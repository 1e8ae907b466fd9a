# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "imageio==2.38.1",
# ]
# ///
"""Writes and reads a picture."""

import imageio.v3 as i, numpy as np
print(i.imread(i.imwrite("<bytes>", np.zeros((2, 2), "uint8"), extension=".png")).shape)
