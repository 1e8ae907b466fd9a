"""Merges, splits, encrypts and reads PDF files."""

import hashlib
import io

from pypdf import PdfReader, PdfWriter, Transformation
from pypdf.annotations import FreeText
from pypdf.errors import PdfReadError
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject


def page_with(writer, text):
    page = writer.add_blank_page(300, 200)
    font = DictionaryObject({NameObject("/Type"): NameObject("/Font"), NameObject("/Subtype"): NameObject("/Type1"), NameObject("/BaseFont"): NameObject("/Helvetica")})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})})
    stream = DecodedStreamObject()
    stream.set_data(f"BT /F1 24 Tf 20 100 Td ({text}) Tj ET".encode("latin-1"))
    page[NameObject("/Contents")] = writer._add_object(stream)


def handler(event, context):
    writer = PdfWriter()
    for text in event["pages"]:
        page_with(writer, text)
    for page in writer.pages:
        page.add_transformation(Transformation().scale(0.5))
        page.compress_content_streams()
    if event["pages"]:
        writer.add_outline_item("Start", 0)
        writer.add_annotation(0, FreeText(text="Hello", rect=(50, 50, 100, 100)))
    writer.add_metadata({"/Title": event["title"]})
    plain = io.BytesIO()
    writer.write(plain)
    if "password" in event:
        writer.encrypt(event["password"], algorithm="RC4-128")
    file = io.BytesIO()
    writer.write(file)
    try:
        reader = PdfReader(io.BytesIO(file.getvalue()[event.get("skip", 0):]), password=event.get("try"))
        texts = [page.extract_text() for page in reader.pages]
    except PdfReadError as error:
        return {"error": type(error).__name__, "text": str(error)}
    return {"texts": texts, "title": reader.metadata.title, "size": len(plain.getvalue()),
            "sha256": hashlib.sha256(plain.getvalue()).hexdigest(), "outline": [item.title for item in reader.outline]}
