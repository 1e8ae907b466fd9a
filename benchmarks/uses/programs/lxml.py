# /// script
# requires-python = "==3.12.*"
# dependencies = [
#     "lxml==6.1.3",
# ]
# ///
"""Transforms with XSLT, validates with RelaxNG and Schematron."""

from lxml import etree, isoschematron
x = etree.XSLT(etree.XML('<x:stylesheet version="1.0" xmlns:x="http://www.w3.org/1999/XSL/Transform"><x:template match="/"><b><x:value-of select="/a"/></b></x:template></x:stylesheet>'))
print(str(x(etree.XML("<a>1</a>"))))
s = isoschematron.Schematron(etree.XML('<schema xmlns="http://purl.oclc.org/dsdl/schematron"><pattern><rule context="a"><assert test="b">no</assert></rule></pattern></schema>'))
print(s.validate(etree.XML("<a><b/></a>")), s.validate(etree.XML("<a/>")))
