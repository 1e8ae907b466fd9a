# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "opencv-python-headless==5.0.0.93",
# ]
# ///
"""Encodes and filters an image."""

import cv2, numpy as np
i = np.zeros((8, 8, 3), np.uint8); print(cv2.imencode(".png", i)[0], cv2.GaussianBlur(i, (3, 3), 0).shape, len(__import__("os").listdir(cv2.data.haarcascades)) > 5 if hasattr(cv2, "data") else "")
