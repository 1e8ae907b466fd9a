"""Turns a supplier's XML into HTML with XSLT, after it is validated."""

from pathlib import Path

from lxml import etree, html

HERE = Path(__file__).parent
TRANSFORM = etree.XSLT(etree.parse(HERE / "catalogue.xsl"))
SCHEMA = etree.RelaxNG(etree.fromstring("""
<element name="catalogue" xmlns="http://relaxng.org/ns/structure/1.0"
  datatypeLibrary="http://www.w3.org/2001/XMLSchema-datatypes">
  <zeroOrMore><element name="part"><attribute name="id"/>
    <element name="name"><text/></element><element name="price"><data type="decimal"/></element>
  </element></zeroOrMore>
</element>"""))


def handler(event, context):
    document = etree.fromstring(event["xml"].encode())
    if not SCHEMA.validate(document):
        return {"errors": [error.message for error in SCHEMA.error_log]}
    page = TRANSFORM(document, currency=etree.XSLT.strparam(event["currency"]))
    cells = html.fromstring(str(page)).cssselect("td") if event.get("css") else page.xpath("//td")
    return {"html": str(page), "cells": [cell.text for cell in cells],
            "canonical": etree.tostring(document, method="c14n").decode()}
