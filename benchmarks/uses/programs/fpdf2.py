# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "fpdf2==2.8.9",
# ]
# ///
"""Writes a PDF."""

import fpdf
p = fpdf.FPDF(); p.add_page(); p.set_font("Helvetica"); p.cell(text="a"); print(bytes(p.output())[:5])
