"""Writes invoices as PDF."""

import hashlib
import io

from reportlab.graphics.barcode import code128
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

STYLES = getSampleStyleSheet()


def handler(event, context):
    file = io.BytesIO()
    document = SimpleDocTemplate(file, pagesize=A4, invariant=1, title=event["number"])
    rows = [["Item", "Quantity", "Price"]]
    rows += [[line["item"], line["quantity"], f"{line['price']:.2f}"] for line in event["lines"]]
    total = sum(line["quantity"] * line["price"] for line in event["lines"])
    rows.append(["Total", "", f"{total:.2f}"])
    table = Table(rows, repeatRows=1)
    table.setStyle(TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.grey)]))
    document.build([
        Paragraph(f"Invoice <b>{event['number']}</b> for {event['customer']}", STYLES["Title"]),
        Spacer(1, 12),
        code128.Code128(event["number"], barHeight=20),
        table,
    ])
    content = file.getvalue()
    return {
        "pages": content.count(b"/Type /Page\n"),
        "total": round(total, 2),
        "sha256": hashlib.sha256(content).hexdigest(),
    }
