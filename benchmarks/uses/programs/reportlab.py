# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "reportlab==5.1.0",
# ]
# ///
"""Writes a PDF with a barcode."""

import io
from reportlab.pdfgen import canvas
from reportlab.graphics.barcode import code128
f = io.BytesIO(); c = canvas.Canvas(f, invariant=1); c.drawString(9, 9, "a"); code128.Code128("a").drawOn(c, 1, 1); c.save(); print(f.getvalue()[:5], len(f.getvalue()))
