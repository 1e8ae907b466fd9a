"""The findings for people: a page from `templates/report.html`, or a PDF."""

from collections.abc import Sequence
from html import escape
from io import BytesIO

from jinja2 import Environment, FileSystemLoader, select_autoescape
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate

from src.cr2a.contracts import ROOT, Contract
from src.cr2a.review import Finding

_templates = Environment(
    loader=FileSystemLoader(ROOT / "templates"),
    autoescape=select_autoescape(),
    trim_blocks=True,
    lstrip_blocks=True,
)


def html(contract: Contract, findings: Sequence[Finding]) -> str:
    """Render the page."""
    page = _templates.get_template("report.html")
    return page.render(contract=contract, findings=findings)


def pdf(contract: Contract, findings: Sequence[Finding]) -> bytes:
    """Render the same as a PDF."""
    styles = getSampleStyleSheet()
    lines = [f"{finding.clause or 'whole contract'}: {finding.message}" for finding in findings]
    story = [Paragraph(escape(contract.title), styles["Title"])]
    story += [Paragraph(escape(line), styles["BodyText"]) for line in lines or ["Nothing found."]]
    file = BytesIO()
    SimpleDocTemplate(file, title=contract.title).build(story)
    return file.getvalue()
