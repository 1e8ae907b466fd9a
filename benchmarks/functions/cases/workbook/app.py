"""Writes a workbook, and reads it again."""

import io

import openpyxl
from openpyxl.chart import BarChart, Reference
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter


def handler(event, context):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = event["title"]
    for row in event["rows"]:
        sheet.append(row)
    for cell in sheet[1]:
        cell.font = Font(bold=True, color="FF0000")
    last = len(event["rows"])
    sheet.cell(last + 1, 2, f"=SUM(B2:B{last})")
    sheet.conditional_formatting.add(f"B2:B{last}", CellIsRule("greaterThan", ["3"], fill=PatternFill("solid", "00FF00")))
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=last), titles_from_data=True)
    sheet.add_chart(chart, "E2")
    sheet.column_dimensions[get_column_letter(1)].width = 30
    file = io.BytesIO()
    book.save(file)
    again = openpyxl.load_workbook(io.BytesIO(file.getvalue()))
    sheet = again[event["title"]]
    return {"values": [list(row) for row in sheet.iter_rows(values_only=True)], "bold": sheet["A1"].font.b,
            "charts": len(sheet._charts), "dimensions": sheet.dimensions, "sheets": again.sheetnames}
