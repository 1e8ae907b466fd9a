# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "openpyxl==3.1.5",
# ]
# ///
"""Writes and reads a sheet."""

import openpyxl, io
w = openpyxl.Workbook(); w.active["A1"] = 3; f = io.BytesIO(); w.save(f); print(openpyxl.load_workbook(f).active["A1"].value)
