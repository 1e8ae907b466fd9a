# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "pypdf==7.1.0",
# ]
# ///
"""Writes and reads a page."""

import pypdf, io
w = pypdf.PdfWriter(); w.add_blank_page(10, 10); f = io.BytesIO(); w.write(f); print(len(pypdf.PdfReader(f).pages))
