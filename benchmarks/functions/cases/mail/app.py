"""Writes a mail from templates."""

from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, UndefinedError
from jinja2.sandbox import SandboxedEnvironment

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True, undefined=StrictUndefined, extensions=["jinja2.ext.do", "jinja2.ext.i18n"],
)
TEMPLATES.install_null_translations(newstyle=True)
TEMPLATES.filters["money"] = lambda value: f"{value:,.2f}"


def handler(event, context):
    try:
        page = TEMPLATES.get_template("order.html").render(event)
    except UndefinedError as error:
        return {"error": str(error)}
    mail = EmailMessage(policy=SMTP)
    mail["To"], mail["Subject"] = event["to"], f"Order {event['number']} – thank you"
    mail.set_content(SandboxedEnvironment().from_string("Hello {{ name }}!").render(event))
    mail.add_alternative(page, subtype="html")
    mail.set_boundary("boundary")
    return {"mail": mail.as_bytes().decode()}
