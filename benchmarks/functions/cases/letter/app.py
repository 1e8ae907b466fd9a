"""Writes letters as Word documents, and reads them."""

import datetime
import io

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt


def handler(event, context):
    document = Document()
    document.core_properties.created = datetime.datetime(2026, 1, 1)
    document.add_heading(event["subject"], level=1)
    for text in event["paragraphs"]:
        paragraph = document.add_paragraph(text, style="List Bullet" if event.get("bullets") else None)
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        paragraph.runs[0].font.size = Pt(11)
    table = document.add_table(rows=1, cols=2, style="Light Grid Accent 1")
    table.rows[0].cells[0].text = "Total"
    document.sections[0].left_margin = Cm(3)
    document.sections[0].header.paragraphs[0].text = "Shop"
    document.add_page_break()
    file = io.BytesIO()
    document.save(file)
    again = Document(io.BytesIO(file.getvalue()))
    return {"texts": [[p.style.name, p.text] for p in again.paragraphs], "cell": again.tables[0].cell(0, 0).text,
            "styles": len(again.styles), "header": again.sections[0].header.paragraphs[0].text, "parts": sorted(str(part.partname) for part in again.part.package.iter_parts())}
