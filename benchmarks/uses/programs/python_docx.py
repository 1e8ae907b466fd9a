# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "python-docx==1.2.0",
# ]
# ///
"""Writes from its template."""

import docx, io
d = docx.Document(); d.add_heading("a"); d.add_table(1, 2); f = io.BytesIO(); d.save(f); print(len(docx.Document(f).paragraphs))
