# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "pillow==13.0.0",
# ]
# ///
"""Draws text and saves as PNG and JPEG."""

import io
from PIL import Image, ImageDraw
i = Image.new("RGB", (40, 20)); ImageDraw.Draw(i).text((1, 1), "ab")
a, b = io.BytesIO(), io.BytesIO(); i.save(a, "PNG"); i.save(b, "JPEG")
print(i.getbbox(), a.tell(), b.tell())
